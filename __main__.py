"""`python -m voile` is the `voile` command."""

from .app.cli import main

if __name__ == "__main__":
    main()
