"""Tests, by kind: fundamentals (a tutorial), unit, property, integration, migrations, architecture."""
