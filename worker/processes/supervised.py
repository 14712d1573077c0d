"""Several processes of one worker: the supervisor, and beside it the port on which all their health is told."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry, make_wsgi_app

from worker.health.local import socket_of
from worker.health.processes import Processes
from worker.health.server import listening, routes
from worker.processes.child import COMMAND
from worker.processes.supervisor import Supervisor
from worker.settings import Settings


async def supervise(settings: Settings, processes: int) -> int:
    """Run so many processes until told to stop, and return the exit code; raises CannotListen."""
    if settings.health_port is None:
        return await Supervisor(processes, settings.shutdown_grace).run()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="counterfoil-")))  # which nobody else may open
        command = (*COMMAND, "--health-folder", str(folder))
        supervisor = Supervisor(processes, settings.shutdown_grace, command=command)

        def sockets() -> Mapping[int, Path]:
            children = dict(supervisor.children)  # at once: this is another thread
            return {place: socket_of(folder, child.pid) for place, child in sorted(children.items())}

        seen = Processes(sockets)
        registry = CollectorRegistry()
        registry.register(seen)
        stack.enter_context(listening(routes(seen.lives, seen.claims, make_wsgi_app(registry)), settings))
        return await supervisor.run()
