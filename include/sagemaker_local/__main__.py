"""`python -m include.sagemaker_local`."""

from __future__ import annotations

import sys

from include.sagemaker_local.cli.command_line import main

sys.exit(main())
