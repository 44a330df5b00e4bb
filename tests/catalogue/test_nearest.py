"""No result: which constraint is to blame, and what is offered instead."""

from collections.abc import Callable

import pytest

from preceptor.catalogue.money import Money
from preceptor.catalogue.search import Nothing, SearchQuery, left_out, narrowest, nearest, search
from preceptor.catalogue.snapshot import Catalogue
from tests.support.catalogue import program

WithPrograms = Callable[..., Catalogue]
COST = {"currency": "EUR", "price_basis": "total_shortest_stay"}


def nothing(catalogue: Catalogue, query: SearchQuery) -> Nothing:
    assert search(catalogue, query).total == 0
    return nearest(catalogue, query)


def ids(result: Nothing) -> list[str]:
    return [hit.program.id for hit in result.alternatives]


@pytest.fixture
def several(with_programs: WithPrograms) -> Catalogue:
    return with_programs(
        program("peru-dear", countries="PE", price_minor="90000", **COST),
        program("peru-dearest", countries="PE", price_minor="95000", **COST),
        program("ecuador", countries="EC", price_minor="30000", min_weeks="6", **COST),
        program("tanzania", countries="TZ", price_minor="20000", min_weeks="4", **COST),
        program("chad", countries="TD", price_minor="10000", min_weeks="3", **COST),
        program("bali", countries="ID", places="bali", specialties="orthopaedics"),
        program("denpasar-report", countries="ID", places="denpasar", listing="report"),
    )


def test_the_budget_is_blamed_and_the_cheapest_offered(several: Catalogue) -> None:
    result = nothing(several, SearchQuery(countries=("PE",), budget=Money(50000, "USD")))
    assert result.blame == ("budget",)
    assert ids(result) == ["peru-dear", "peru-dearest"]


def test_a_country_without_programmes_is_replaced_by_its_neighbours(several: Catalogue) -> None:
    result = nothing(several, SearchQuery(countries=("KE",)))
    assert result.blame == ("countries",)
    # East Africa is nearer than the rest of Africa, and another continent isn't near.
    assert ids(result) == ["tanzania", "chad"]


def test_a_city_is_replaced_by_its_area_before_anything_else(several: Catalogue) -> None:
    result = nothing(several, SearchQuery(places=("denpasar",)))
    assert result.blame == ("places",)
    assert ids(result)[0] == "bali"


def test_what_a_search_leaves_out_is_its_reports_and_what_is_closed(several: Catalogue) -> None:
    left = left_out(several, SearchQuery(places=("denpasar",)))
    assert [program.id for program in left] == ["denpasar-report"]


def test_what_narrows_a_search_most_is_not_its_place(several: Catalogue) -> None:
    tight = SearchQuery(countries=("PE",), budget=Money(92000, "USD"))
    assert narrowest(several, tight) == ("budget", 2)
    assert narrowest(several, SearchQuery(countries=("PE",))) is None


def test_a_city_is_replaced_by_its_country_next(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        program("a-tanzania", countries="TZ"),
        program("b-kenya", countries="KE"),
        program("c-asia", countries="LK"),
    )
    result = nothing(catalogue, SearchQuery(places=("mombasa",)))
    assert ids(result) == ["b-kenya", "a-tanzania"]


def test_no_other_continent_is_offered_and_the_kind_given_up_before_it(
    with_programs: WithPrograms,
) -> None:
    catalogue = with_programs(
        program("peru", countries="PE", kind="elective"), program("kenya", countries="KE")
    )
    assert nothing(catalogue, SearchQuery(countries=("EC",))).blame == ("countries",)
    assert nothing(catalogue, SearchQuery(countries=("LK",))) == Nothing((), ())
    query = SearchQuery(countries=("PE",), kinds=("volunteer",))
    assert nothing(catalogue, query).blame == ("kinds",)


def test_what_may_fit_there_is_nearer_than_what_fits_elsewhere(
    with_programs: WithPrograms,
) -> None:
    catalogue = with_programs(
        program("here", countries="KE", max_weeks="4"),
        program("there", countries="TZ", max_weeks="12", specialties="surgery"),
    )
    query = SearchQuery(countries=("KE",), specialties=("surgery",), min_weeks=8)
    assert nothing(catalogue, query).blame == ("min_weeks",)


def test_the_length_is_blamed_and_the_shortest_offered(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        program("a", min_weeks="8"), program("b", min_weeks="4"), program("c", min_weeks="6")
    )
    result = nothing(catalogue, SearchQuery(countries=("KE",), max_weeks=2))
    assert (result.blame, ids(result)) == (("max_weeks",), ["b", "c", "a"])


def test_a_stay_that_is_too_long_is_met_by_the_longest(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        program("a", max_weeks="8"), program("b", max_weeks="4"), program("c", max_weeks="12")
    )
    result = nothing(catalogue, SearchQuery(min_weeks=20))
    assert (result.blame, ids(result)) == (("min_weeks",), ["c", "a", "b"])


def test_a_specialty_is_replaced_by_one_of_its_family(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        program("a", specialties="paediatrics"),
        program("b", specialties="orthopaedics"),
    )
    result = nothing(catalogue, SearchQuery(specialties=("neurosurgery",)))
    assert (result.blame, ids(result)) == (("specialties",), ["b", "a"])


def test_two_constraints_are_blamed_together_when_no_single_one_is(several: Catalogue) -> None:
    query = SearchQuery(countries=("PE",), kinds=("volunteer",), budget=Money(100, "EUR"))
    result = nothing(several, query)
    assert result.blame == ("budget", "kinds")
    assert ids(result) == ["peru-dear", "peru-dearest"]


def test_when_nothing_but_dropping_all_helps_all_are_blamed(with_programs: WithPrograms) -> None:
    # All but who somebody is: nobody is offered what is for others.
    catalogue = with_programs(
        program(
            "a", min_weeks="8", stages="clinical_student", languages="es", price_minor="5", **COST
        ),
        program("b", stages="premed"),
    )
    query = SearchQuery(
        countries=("TZ",),
        stages=("clinical_student",),
        languages=("en",),
        max_weeks=2,
        budget=Money(1, "EUR"),
    )
    result = nothing(catalogue, query)
    assert set(result.blame) == {"countries", "languages", "max_weeks", "budget"}
    assert ids(result) == ["a"]


def test_an_empty_catalogue_blames_nothing(with_programs: WithPrograms) -> None:
    catalogue = with_programs()
    result = nothing(catalogue, SearchQuery(countries=("KE",)))
    assert result == Nothing((), ())


def test_alternatives_keep_the_other_constraints(several: Catalogue) -> None:
    result = nothing(
        several, SearchQuery(countries=("KE",), max_weeks=4, budget=Money(50000, "EUR"))
    )
    assert result.blame == ("countries",)
    assert ids(result)[:2] == ["tanzania", "chad"]
    assert "ecuador" not in ids(result)


def test_worldwide_schemes_stand_apart_from_the_nearest(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        program("tanzania", countries="TZ"),
        program("scheme", countries="", worldwide="yes"),
    )
    result = nearest(catalogue, SearchQuery(countries=("KE",)))
    assert (result.blame, ids(result)) == (("countries",), ["tanzania"])
    assert [hit.program.id for hit in result.worldwide] == ["scheme"]
