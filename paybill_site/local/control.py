"""The supervisor's side of the control socket, and the memory of further units."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import Any

import psycopg

from paybill_site.local import extras
from paybill_site.local.extras import BadUnit, Unit
from paybill_site.local.places import write_private
from paybill_site.local.postgres import PostgresFailed
from paybill_site.local.supervisor import Supervisor

LONGEST_LINE = 65536


class Control:
    """Answers requests, and brings remembered units back at the start."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.places = supervisor.places
        self.memory = self.places.local / "units.json"
        self.units: dict[str, Unit] = {}
        self.prepared: set[str] = set()
        self._socket = socket.socket(socket.AF_UNIX)

    def open(self) -> None:
        """Listen. A socket that a killed supervisor left behind is replaced."""
        path = self.places.supervisor_socket
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._socket.bind(str(path))
        finally:
            os.umask(before)
        self._socket.listen(16)
        self.supervisor.listen(self._socket.fileno(), self._accept)

    def close(self) -> None:
        """Listen no more."""
        self.supervisor.unlisten(self._socket.fileno())
        self._socket.close()
        self.places.supervisor_socket.unlink(missing_ok=True)

    def restore(self) -> None:
        """Bring back what was there at the last stop; servers before tenants."""
        if not self.memory.exists():
            return
        remembered = [Unit(**kept) for kept in json.loads(self.memory.read_text())]
        self.units = {unit.id: unit for unit in remembered}
        for unit in sorted(remembered, key=lambda unit: unit.kind == "tenant"):
            try:
                self._bring_up(unit)
            except (BadUnit, PostgresFailed, psycopg.Error) as error:
                self.supervisor.say("supervisor", f"{unit.id} stays down: {error}")

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what a request asks; raises BadUnit and the errors of what it calls."""
        name = str(request.get("id", ""))
        match request.get("verb"):
            case "add":
                return {"unit": self.add(request)}
            case "remove":
                self.remove(name)
                return {}
            case "show" if name in self.units:
                return {"unit": self.show(self.units[name])}
            case "show":
                raise BadUnit(f"no unit is called {name}")
            case "list":
                return {"units": [self.show(unit) for unit in self.units.values()]}
        raise BadUnit("verb is add, remove, show or list")

    def add(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add a unit, or answer as before when it is there already."""
        names = ("server", "tenant", "schema")
        fields = {name: str(request[name]) for name in names if request.get(name)}
        unit = Unit(str(request.get("kind")), str(request.get("id")), fields=fields)
        unit.check()
        known = self.units.get(unit.id)
        if known and (known.kind, known.fields) != (unit.kind, unit.fields):
            raise BadUnit(f"{unit.id} is there already and is something else")
        if not known and unit.id in self.supervisor.processes:
            raise BadUnit(f"{unit.id} is the name of a part")
        if not known:
            extras.choose_port(unit, list(self.units.values()))
            # Remembered first: what a crash leaves half-made is finished or removed.
            self.units[unit.id] = known = unit
            self._remember()
        self._bring_up(known)
        return self.show(known)

    def remove(self, name: str) -> None:
        """Stop a unit and delete its data."""
        unit = self.units.get(name)
        if unit is None:
            return
        users = [u.id for u in self.units.values() if u.fields.get("server") == name]
        if users:
            raise BadUnit(f"{name} is in use by {', '.join(users)}")
        self.supervisor.end(name)
        extras.unmake(self.places, unit)
        del self.units[name]
        self.prepared.discard(name)
        self._remember()

    def show(self, unit: Unit) -> dict[str, Any]:
        """Outputs of a unit, after the last step of its making if that is due."""
        process = self.supervisor.processes.get(unit.id)
        running = process is None or (process.child is not None)
        ready = running and (process is None or process.part.ready())
        if ready and unit.kind == "server" and unit.id not in self.prepared:
            extras.prepare_server(self.places, unit)
            self.prepared.add(unit.id)
        return extras.outputs(self.places, unit, ready)

    def _bring_up(self, unit: Unit) -> None:
        if unit.id in self.supervisor.processes:
            return
        part = extras.make(self.places, unit, self.units)
        if part is not None:
            self.supervisor.add(part)
            self._remember()  # its port may be another one now

    def _remember(self) -> None:
        kept = [asdict(unit) for unit in self.units.values()]
        write_private(self.memory, json.dumps(kept, indent=1))

    def _accept(self) -> None:
        line, _ = self._socket.accept()
        line.setblocking(False)
        read = partial(self._read, line, bytearray())
        self.supervisor.listen(line.fileno(), read)

    def _read(self, line: socket.socket, buffer: bytearray) -> None:
        data = b""
        with suppress(OSError):
            data = line.recv(LONGEST_LINE)
        buffer += data
        if data and b"\n" not in buffer and len(buffer) < LONGEST_LINE:
            return
        self.supervisor.unlisten(line.fileno())
        with line, suppress(OSError):
            line.settimeout(5)
            if buffer:
                line.sendall(self._reply(bytes(buffer)).encode() + b"\n")

    def _reply(self, text: bytes) -> str:
        try:
            request = json.loads(text)
            if not isinstance(request, dict):
                raise BadUnit("a request is a JSON object")
            return json.dumps({"ok": True, **self.answer(request)})
        except (BadUnit, PostgresFailed, OSError, ValueError, psycopg.Error) as error:
            return json.dumps({"ok": False, "error": str(error)})
