"""What a web server imports: `wsgi:app`."""

from bot import logs
from bot.app import create_app
from bot.build import build_wiring
from bot.config import Settings

settings = Settings.from_env()
logs.configure(settings.log_level)
app = create_app(build_wiring(settings))
