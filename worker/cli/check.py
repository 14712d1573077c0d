"""`counterfoil check`."""

from worker.checks import findings
from worker.cli.run import REFUSED, run
from worker.settings import Settings


def check() -> None:
    """Check settings, servers, migrations and connections; each finding says what to do (exit code 1 for any)."""

    async def command(settings: Settings) -> int:
        code = 0
        async for finding in findings(settings):
            print(f"{'ok ' if not finding.advice else '!! '} {finding.subject}: {finding.seen}")
            if finding.advice:
                print(f"    {finding.advice}")
                code = REFUSED
        return code

    run(command)
