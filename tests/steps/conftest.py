"""The workbenches of the services, for the steps they are made of."""

from tests.services.conftest import (  # noqa: F401
    admin,
    campaign_file,
    read_here,
    seen,
    trained,
    trained_home,
    workbench,
)
