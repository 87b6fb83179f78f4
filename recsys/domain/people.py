"""Who may do what at the desk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recsys.domain.errors import Forbidden


class Role(StrEnum):
    """Each role may do what the ones before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    PUBLISHER = "publisher"
    ADMIN = "admin"


class Permission(StrEnum):
    """A thing that can be done at the desk."""

    VIEW = "see the desk"
    EDIT = "change the draft"
    PUBLISH = "publish, roll back, accept runs, take down and lift"
    ADMINISTER = "manage people, keys and settings"


_LEAST = {
    Permission.VIEW: Role.VIEWER,
    Permission.EDIT: Role.EDITOR,
    Permission.PUBLISH: Role.PUBLISHER,
    Permission.ADMINISTER: Role.ADMIN,
}
_RANK = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone acting: a signed-in person, a key, or the command line."""

    name: str
    role: Role

    def may(self, permission: Permission) -> bool:
        """Whether the role covers `permission`."""
        return _RANK[self.role] >= _RANK[_LEAST[permission]]

    def require(self, permission: Permission) -> None:
        """Raise Forbidden unless the role covers `permission`."""
        if not self.may(permission):
            raise Forbidden(f"A {self.role} may not {permission}; ask a {_LEAST[permission]}.")


OPERATOR = Actor("operator", Role.ADMIN)
"""Whoever holds the command line."""
