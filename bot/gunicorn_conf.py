"""How gunicorn serves: threads that share the processes' pools, and our log lines."""

import gc
from typing import Any

from gunicorn.glogging import Logger

from bot import logs, shared_metrics
from bot.config import Settings

settings = Settings.from_env()
metrics_folder = shared_metrics.share(settings.home)


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801 -- the name of gunicorn's setting
    """Gunicorn's own lines, shaped and masked like ours; requests are logged by the app."""

    def setup(self, _config: Any) -> None:
        """Hand everything to the root handler."""
        logs.configure(settings.log_level)
        self.error_log.propagate = True


host = "0.0.0.0" if settings.environment == "production" else "127.0.0.1"  # noqa: S104 -- behind a proxy
bind = f"{host}:{settings.port}"
worker_class = "gthread"
workers = settings.web_concurrency
threads = 4
# Without it one worker often takes every kept connection, and half the speed is gone.
reuse_port = True
timeout = 30
graceful_timeout = 25
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
control_socket_disable = True


def on_starting(_server: object) -> None:
    """Count from nought."""
    shared_metrics.tidy(metrics_folder)


def post_worker_init(_worker: object) -> None:
    """Let the collector pass over what was loaded: a full walk takes a tenth of a second."""
    gc.collect()
    gc.freeze()
