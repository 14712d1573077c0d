"""What every request passes on its way in, and every answer on its way out; the outermost first in `web.app`."""
