"""What people were last shown of who is in a group."""

from __future__ import annotations

from approvals.canonical import digest_of
from approvals.words import GroupName
from store import musters
from store.engine import Store

SUPPORT, DIRECTORS = GroupName("support"), GroupName("directors")
ONE, OTHER = digest_of(["U0ALICE"]), digest_of(["U0BOB"])


async def test_the_latest_of_each_group_is_kept(store: Store) -> None:
    """Others stay as they were."""
    assert await store.read(musters.prints) == {}
    await store.write(lambda u: musters.keep(u, {SUPPORT: ONE, DIRECTORS: ONE}))
    await store.write(lambda u: musters.keep(u, {SUPPORT: OTHER}))
    assert await store.read(musters.prints) == {SUPPORT: OTHER, DIRECTORS: ONE}
