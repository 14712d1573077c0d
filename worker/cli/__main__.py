"""`python -m worker.cli` is `counterfoil`."""

from worker.cli.main import main

main()
