"""Fair places: whose turn it is when several wait."""

import asyncio

from preceptor.runtime.fair import FairPlaces


async def run(
    places: FairPlaces, who: str, order: list[str], seconds: float = 0.0, address: str = ""
) -> None:
    async with places.place((address or who, who, who)):
        order.append(who)
        await asyncio.sleep(seconds)


async def test_a_backlog_of_one_source_delays_no_other() -> None:
    places, order = FairPlaces(1), []
    tasks = [asyncio.ensure_future(run(places, "greedy", order, 0.01)) for _ in range(20)]
    await asyncio.sleep(0.015)
    tasks.append(asyncio.ensure_future(run(places, "modest", order)))
    await asyncio.gather(*tasks)
    assert order.index("modest") <= 3 and len(order) == 21


async def test_who_has_used_least_goes_before_who_has_used_much() -> None:
    places, order = FairPlaces(1), []
    for _ in range(3):
        await run(places, "much", order, 0.02)
    await run(places, "little", order, 0.001)
    order.clear()
    first = asyncio.ensure_future(run(places, "anybody", order, 0.01))
    await asyncio.sleep(0)
    rest = [asyncio.ensure_future(run(places, who, order)) for who in ("much", "new", "little")]
    await asyncio.gather(first, *rest)
    assert order == ["anybody", "new", "little", "much"]


async def test_places_are_never_lost_to_those_who_give_up() -> None:
    places, order = FairPlaces(1), []
    holder = asyncio.ensure_future(run(places, "a", order, 0.02))
    await asyncio.sleep(0.005)
    waiting = [asyncio.ensure_future(run(places, "b", order)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in waiting[:2]:
        task.cancel()
    await asyncio.gather(holder, *waiting, return_exceptions=True)
    await asyncio.wait_for(run(places, "c", order), 1)
    assert order == ["a", "b", "c"]


async def test_a_school_behind_one_address_goes_before_few_who_use_much() -> None:
    places, order = FairPlaces(1), []
    for number in range(3):
        await run(places, f"attacker-{number}", order, 0.02)
    for number in range(9):
        await run(places, f"pupil-{number}", order, 0.01, "school")
    order.clear()
    first = asyncio.ensure_future(run(places, "anybody", order, 0.01))
    await asyncio.sleep(0)
    attackers = [asyncio.ensure_future(run(places, f"attacker-{n}", order)) for n in range(3)]
    pupils = [asyncio.ensure_future(run(places, f"pupil-{n}", order, 0, "school")) for n in (3, 4)]
    await asyncio.gather(first, *attackers, *pupils)
    assert {"pupil-3", "pupil-4"} <= set(order[1:5]), order


async def test_the_many_conversations_of_one_address_delay_no_other() -> None:
    places, order = FairPlaces(1), []
    await run(places, "honest", order, 0.02)
    order.clear()
    crowd = [asyncio.ensure_future(run(places, f"new-{n}", order, 0.002, "one")) for n in range(30)]
    await asyncio.sleep(0)
    honest = asyncio.ensure_future(run(places, "honest", order))
    await asyncio.gather(*crowd, honest)
    assert order.index("honest") <= 12, order
