"""The demo's mail server: it delivers nothing and writes every message into a folder."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from csat.demo.supervisor import free_port


class FolderHandler:
    """Write each message as one .eml file, in a single step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take the message only once it is on the disk."""
        content = envelope.content or b""
        await asyncio.to_thread(self.write, content if isinstance(content, bytes) else content.encode())
        return "250 Kept"

    def write(self, content: bytes) -> None:
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"
        draft = self.folder / f"{name}.draft"
        draft.write_bytes(content)
        draft.rename(self.folder / f"{name}.eml")


def start_mail_sink(folder: Path) -> tuple[Controller, int]:
    """Start the server in a thread; return it and its port."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    controller = Controller(FolderHandler(folder), hostname="127.0.0.1", port=port)
    controller.start()
    return controller, port
