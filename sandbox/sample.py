"""A small company to begin with."""

from __future__ import annotations

from sandbox.app import App
from sandbox.workspace import Channel, User, UserGroup, Workspace

PEOPLE = (
    User("U0ALICE", "alice", "Alice Adler", "alice@example.com"),
    User("U0BOB", "bob", "Bob Brandt", "bob@example.com"),
    User("U0CAROL", "carol", "Carol Castillo", "carol@example.com", timezone="America/New_York"),
    User("U0DAN", "dan", "Dan Dubois", "dan@example.com", timezone="Asia/Tokyo"),
    User("U0ADMIN", "olivia", "Olivia Okafor", "olivia@example.com", is_admin=True),
    User("U0GONE", "greta", "Greta Gone", "greta@example.com", deleted=True),
    User("U0GUEST", "gus", "Gus Guest", "gus@partner.example", is_restricted=True),
)
STAFF = ("U0ALICE", "U0BOB", "U0CAROL", "U0DAN", "U0ADMIN")


def furnish(workspace: Workspace, app: App) -> None:
    """Put the company into an empty workspace, and the app into its channels (but not into #random)."""
    for person in PEOPLE:
        fields = {name: getattr(person, name) for name in User.__slots__}
        workspace.add_user(User(**fields))
    workspace.add_user(User(app.bot_user, app.name, app.name, is_bot=True))
    members = {*STAFF, app.bot_user}
    workspace.add_channel(Channel("C0APPROVALS", "approvals", members={*members, "U0GUEST"}))
    workspace.add_channel(Channel("C0REFUNDS", "refunds", members=set(members)))
    workspace.add_channel(Channel("C0OPS", "ops", members=set(members)))
    workspace.add_channel(Channel("C0SECRET", "secret", "private", members=set(members)))
    workspace.add_channel(Channel("C0RANDOM", "random", members=set(STAFF)))
    workspace.add_usergroup(UserGroup("S0DIRECTORS", "directors", "Directors", ["U0ALICE", "U0BOB"]))
    workspace.add_usergroup(UserGroup("S0SUPPORT", "support", "Support", ["U0CAROL", "U0DAN"]))
    workspace.add_usergroup(UserGroup("S0FORMER", "former", "Former staff", ["U0GONE"]))
