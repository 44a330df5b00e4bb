"""Fair places: whose turn it is when several wait."""

import asyncio

from preceptor.runtime.fair import FairPlaces


async def run(places: FairPlaces, source: str, order: list[str], seconds: float = 0.0) -> None:
    async with places.place(source):
        order.append(source)
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
