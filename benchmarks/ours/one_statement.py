"""`counterfoil worker` that inserts the rows in a job's arguments by one statement, however many there are.

Usage: `python -m benchmarks.ours.one_statement`, with the environment of `counterfoil worker`. A command that names its
`conflict_on` goes by COPY still, so that one worker shows both ways.
"""

import sys

from worker.cli.main import main
from worker.jobs import bulk_insert

ANY_NUMBER = 1_000_000

if __name__ == "__main__":
    bulk_insert.FEW_ROWS = ANY_NUMBER
    sys.argv = ["counterfoil", "worker", "--processes", "1"]
    main()
