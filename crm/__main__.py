"""`python -m crm`: the same as the command `crm`."""

import sys

from crm.app import main

if __name__ == "__main__":
    sys.exit(main())
