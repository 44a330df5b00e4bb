"""Search: what is in, what is out, what is unknown, and in which order."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preceptor.catalogue.money import Money
from preceptor.catalogue.search import SearchQuery, nearest, search
from preceptor.catalogue.snapshot import Catalogue
from tests.support.catalogue import Rows, program

WithPrograms = Callable[..., Catalogue]


def found(catalogue: Catalogue, **query: object) -> list[str]:
    """The ids of all hits in order, with their notes in brackets."""
    page = search(catalogue, SearchQuery(**query), limit=100)  # type: ignore[arg-type]
    return [
        hit.program.id + (f"[{','.join(hit.notes)}]" if hit.notes else "") for hit in page.results
    ]


# Where --------------------------------------------------------------------------------


@pytest.fixture
def places(with_programs: WithPrograms) -> Catalogue:
    return with_programs(
        program("kenya-only"),
        program("nairobi", places="nairobi"),
        program("denpasar", countries="ID", places="denpasar"),
        program("bali", countries="ID", places="bali"),
        program("two", countries="TZ;PE"),
        program("anywhere", countries="", worldwide="yes"),
    )


def test_no_constraint_finds_everything(places: Catalogue) -> None:
    assert len(found(places)) == 6


def test_a_country_finds_its_programmes_and_worldwide_ones_last(places: Catalogue) -> None:
    assert found(places, countries=("KE",)) == ["kenya-only", "nairobi", "anywhere"]


def test_two_countries_are_alternatives(places: Catalogue) -> None:
    assert found(places, countries=("KE", "PE")) == ["kenya-only", "nairobi", "two", "anywhere"]


def test_a_city_is_not_found_by_its_country_alone(places: Catalogue) -> None:
    assert found(places, places=("nairobi",)) == ["nairobi"]
    assert found(places, places=("mombasa",)) == []


def test_an_area_includes_its_cities_and_ranks_itself_first(places: Catalogue) -> None:
    assert found(places, places=("bali",)) == ["bali", "denpasar"]


def test_a_city_does_not_find_what_is_known_by_its_area_only(places: Catalogue) -> None:
    assert found(places, places=("denpasar",)) == ["denpasar"]


def test_a_region_stands_for_its_countries(places: Catalogue) -> None:
    assert found(places, regions=("east-africa",)) == ["kenya-only", "nairobi", "two", "anywhere"]


def test_a_country_or_a_region_is_enough(places: Catalogue) -> None:
    assert found(places, regions=("asia",), countries=("KE",)) == [
        "bali",
        "denpasar",
        "kenya-only",
        "nairobi",
        "anywhere",
    ]


def test_a_country_or_a_place_is_enough(places: Catalogue) -> None:
    assert found(places, countries=("PE",), places=("nairobi",)) == ["nairobi", "two", "anywhere"]


def test_an_excluded_country_takes_out_programmes_that_have_no_other(places: Catalogue) -> None:
    assert found(places, excluded_countries=("KE", "TZ")) == [
        "bali",
        "denpasar",
        "two",
        "anywhere",
    ]


def test_excluding_the_only_country_asked_for_leaves_nothing(places: Catalogue) -> None:
    assert found(places, countries=("KE",), excluded_countries=("KE",)) == []


def test_an_unknown_region_or_country_finds_nothing_of_its_own(places: Catalogue) -> None:
    assert found(places, regions=("atlantis",)) == []
    assert found(places, countries=("FR",)) == ["anywhere"]


# Specialty, kind, stage, language -------------------------------------------------------


@pytest.fixture
def specialties(with_programs: WithPrograms) -> Catalogue:
    return with_programs(
        program("any"),
        program("bones", specialties="orthopaedics"),
        program("children", specialties="paediatrics"),
        program("knife", specialties="surgery"),
        program("several", specialties="surgery;paediatrics"),
    )


def test_a_parent_specialty_finds_its_children_below_itself(specialties: Catalogue) -> None:
    assert found(specialties, specialties=("surgery",)) == [
        "knife",
        "several",
        "bones",
        "any[specialty_unknown]",
    ]


def test_a_child_specialty_does_not_find_its_parent(specialties: Catalogue) -> None:
    assert found(specialties, specialties=("orthopaedics",)) == ["bones", "any[specialty_unknown]"]


def test_an_excluded_specialty_takes_out_what_has_no_other(specialties: Catalogue) -> None:
    assert found(specialties, excluded_specialties=("surgery",)) == [
        "children",
        "several",
        "any[specialty_unknown]",
    ]


def test_an_excluded_child_leaves_its_parent(specialties: Catalogue) -> None:
    assert found(specialties, specialties=("surgery",), excluded_specialties=("orthopaedics",)) == [
        "knife",
        "several",
        "any[specialty_unknown]",
    ]


def test_a_kind_is_always_known(with_programs: WithPrograms) -> None:
    catalogue = with_programs(program("a"), program("b", kind="volunteer"))
    assert found(catalogue, kinds=("volunteer",)) == ["b"]
    assert found(catalogue, kinds=("volunteer", "elective")) == ["a", "b"]


def test_unknown_stages_and_languages_stay_in_with_a_note(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        program("a"),
        program("b", stages="premed", languages="es"),
        program("c", stages="clinical_student;premed", languages="en;es"),
        program("d", stages="clinical_student", languages="en"),
    )
    # "a" is an elective, which is no one's who isn't on a course.
    assert found(catalogue, stages=("premed",)) == ["b", "c"]
    assert found(catalogue, stages=("clinical_student",)) == ["c", "d", "a[stage_unknown]"]
    assert found(catalogue, languages=("en",)) == ["c", "d", "a[language_unknown]"]
    assert found(catalogue, stages=("clinical_student",), languages=("en",)) == [
        "c",
        "d",
        "a[stage_unknown,language_unknown]",
    ]


# Length -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "asked", "expected"),
    [
        # (shortest, longest) of the programme, (min, max) asked for
        (("2", ""), (None, 4), "fits"),
        (("4", ""), (None, 4), "fits"),
        (("4", ""), (None, 3.5), "out"),
        (("", ""), (None, 4), "unknown"),
        (("", "4"), (None, 4), "fits"),
        (("", "16"), (None, 4), "unknown"),
        (("2", "4"), (6, None), "out"),
        (("2", "8"), (6, None), "fits"),
        (("2", ""), (6, None), "fits"),
        (("", ""), (6, None), "unknown"),
        (("2", "8"), (4, 4), "fits"),
        (("2", "3"), (4, 4), "out"),
        (("5", "8"), (4, 4), "out"),
    ],
)
def test_the_stay_must_be_possible(
    with_programs: WithPrograms,
    known: tuple[str, str],
    asked: tuple[float | None, float | None],
    expected: str,
) -> None:
    catalogue = with_programs(program("a", min_weeks=known[0], max_weeks=known[1]))
    results = {"fits": ["a"], "unknown": ["a[length_unknown]"], "out": []}
    assert found(catalogue, min_weeks=asked[0], max_weeks=asked[1]) == results[expected]


# Budget -------------------------------------------------------------------------------


def priced(id: str, minor: int, currency: str = "EUR", **cells: str) -> dict[str, str]:
    return program(
        id,
        **{
            "price_minor": str(minor),
            "currency": currency,
            "price_basis": "total_shortest_stay",
            **cells,
        },
    )


def test_a_budget_compares_prices_in_any_currency(with_programs: WithPrograms) -> None:
    # 1 EUR = 1.25 USD = 160 JPY = 0.33 KWD in the small catalogue.
    catalogue = with_programs(
        priced("eur-80", 8000),
        priced("eur-81", 8001),
        priced("usd-100", 10000, "USD"),
        priced("jpy-12800", 12800, "JPY"),
        priced("jpy-12801", 12801, "JPY"),
        priced("kwd-26400", 26400, "KWD"),
        priced("kwd-26401", 26401, "KWD"),
    )
    assert found(catalogue, budget=Money(10000, "USD")) == [
        "eur-80",
        "jpy-12800",
        "kwd-26400",
        "usd-100",
    ]


def test_a_price_by_the_week_counts_the_stay(with_programs: WithPrograms) -> None:
    weekly = {"price_basis": "per_week"}
    catalogue = with_programs(
        priced("min-2", 10000, min_weeks="2", **weekly),
        priced("min-4", 10000, min_weeks="4", **weekly),
        priced("min-unknown", 10000, **weekly),
    )
    assert found(catalogue, budget=Money(20000, "EUR")) == ["min-2", "min-unknown[price_unknown]"]
    # Three weeks were asked for: that is what they cost.
    assert found(catalogue, budget=Money(20000, "EUR"), min_weeks=3) == []
    assert found(catalogue, budget=Money(30000, "EUR"), min_weeks=3) == [
        "min-2",
        "min-unknown[length_unknown]",
    ]
    assert found(catalogue, budget=Money(20000, "EUR"), max_weeks=2) == [
        "min-2",
        "min-unknown[length_unknown]",
    ]


def test_a_fee_says_nothing_of_the_cost(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        program("a"),
        priced("b", 100, price_basis="application_fee_only"),
        priced("c", 99999, price_basis="exchange_fee"),
        priced("d", 5000, price_basis="estimated_trip_cost"),
        priced("e", 5001, price_basis="advertised_from"),
    )
    assert found(catalogue, budget=Money(5000, "EUR")) == [
        "d",
        "a[price_unknown]",
        "b[price_is_fee_only]",
        "c[price_is_fee_only]",
    ]


def test_the_price_of_a_shorter_stay_is_told(with_programs: WithPrograms) -> None:
    catalogue = with_programs(priced("a", 5000, min_weeks="1"), priced("b", 5000, min_weeks="4"))
    assert found(catalogue, budget=Money(5000, "EUR"), min_weeks=4) == [
        "b",
        "a[price_for_shorter_stay]",
    ]


def test_without_a_rate_only_the_same_currency_is_compared(with_programs: WithPrograms) -> None:
    catalogue = with_programs(priced("a", 100, "GBP"), priced("b", 101, "GBP"), priced("c", 1))
    assert found(catalogue, budget=Money(100, "GBP")) == ["a", "c[price_unknown]"]
    assert found(catalogue, budget=Money(100, "EUR")) == [
        "c",
        "a[price_unknown]",
        "b[price_unknown]",
    ]


def test_the_cost_in_euros_is_exact(with_programs: WithPrograms) -> None:
    catalogue = with_programs(priced("a", 10, "USD", price_basis="per_week", min_weeks="3"))
    hit = search(catalogue, SearchQuery()).results[0]
    assert hit.cost_eur == Decimal("0.24")


# Listing and order ----------------------------------------------------------------------


def test_only_open_calls_are_found_unless_asked(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        program("a", listing="report"),
        program("b", listing="restricted"),
        program("c", listing="open_call"),
    )
    assert found(catalogue) == ["c"]
    assert found(catalogue, include_restricted=True) == ["c", "b"]
    assert found(catalogue, include_reports=True) == ["c", "a"]
    assert found(catalogue, include_restricted=True, include_reports=True) == ["c", "b", "a"]


def test_the_order_goes_by_unknowns_listing_fit_price_confidence_date_and_name(
    with_programs: WithPrograms,
) -> None:
    exact = {"specialties": "surgery"}
    catalogue = with_programs(
        program("g-unknown", source_date="2023"),
        program("f-restricted", listing="restricted", **exact),
        program("e-child", specialties="orthopaedics", source_date="2023"),
        program("d-medium", confidence="medium", source_date="2023", **exact),
        program("c-old", source_date="2021-12-31", **exact),
        program("b2-new", source_date="2022", name="B", **exact),
        program("b1-new", source_date="2022", name="b", **exact),
        priced("a-priced", 1, confidence="medium", **exact),
    )
    assert found(catalogue, specialties=("surgery",), include_restricted=True) == [
        "a-priced",
        "b1-new",
        "b2-new",
        "c-old",
        "d-medium",
        "e-child",
        "f-restricted",
        "g-unknown[specialty_unknown]",
    ]


def test_order_by_price_goes_by_the_week_and_puts_unknown_prices_last(
    with_programs: WithPrograms,
) -> None:
    catalogue = with_programs(
        program("a"),
        priced("b-300-for-4", 30000, min_weeks="4"),
        priced("c-no-length", 5000),
        priced("d-fee", 1, price_basis="application_fee_only"),
        priced("e-100-a-week", 10000, price_basis="per_week", min_weeks="3"),
        priced("f-usd-250-for-2", 25000, "USD", min_weeks="2"),
    )
    assert found(catalogue, order="price") == [
        "b-300-for-4",
        "e-100-a-week",
        "f-usd-250-for-2",
        "c-no-length",
        "a",
        "d-fee",
    ]


def test_what_may_fit_never_stands_among_what_fits(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        program("a", specialties="surgery"),
        priced("b", 100),
        priced("c", 900, specialties="surgery", min_weeks="2"),
        program("d", countries="", worldwide="yes", specialties="surgery"),
    )
    assert found(catalogue, specialties=("surgery",), order="price") == [
        "c",
        "a",
        "b[specialty_unknown]",
        "d",
    ]
    page = search(catalogue, SearchQuery(specialties=("surgery",)))
    assert page.counts == {"fits": 2, "may_fit": 1, "worldwide": 1}
    assert [hit.standing for hit in page.results] == ["fits", "fits", "may_fit"]


def test_a_worldwide_scheme_is_none_of_its_own_country(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        program("here"), program("office", countries="PE", worldwide="yes"),
        program("scheme", countries="", worldwide="yes"),
    )  # fmt: skip

    def standings(*countries: str) -> dict[str, str]:
        hits = search(catalogue, SearchQuery(countries=countries)).results
        return {hit.program.id: hit.standing for hit in hits}

    assert standings("KE") == {"here": "fits", "office": "worldwide", "scheme": "worldwide"}
    assert standings("PE") == {"office": "fits", "scheme": "worldwide"}


def test_what_was_not_checked_within_a_year_comes_behind(with_programs: WithPrograms) -> None:
    today = datetime.date.today()
    catalogue = with_programs(
        program("a-undated"),
        program("b-old", source_date=f"{today.year - 3}"),
        program("c-lately", source_date=f"{today - datetime.timedelta(days=300)}"),
        program("d-this-month", source_date=f"{today:%Y-%m}"),
        program("e-this-year", source_date=f"{today:%Y}"),
    )
    assert found(catalogue)[3:] == ["b-old", "a-undated"]
    stale = {hit.program.id for hit in search(catalogue, SearchQuery(), limit=9).results
             if hit.is_stale}  # fmt: skip
    assert stale == {"a-undated", "b-old"}


# Professions --------------------------------------------------------------------------


def test_nobody_is_offered_what_is_for_others(with_programs: WithPrograms, rows: Rows) -> None:
    rows["stages.csv"].append({"id": "nurse", "name": "Nurse"})
    catalogue = with_programs(
        program("med", stages="clinical_student"),
        program("nurses", stages="nurse;clinical_student"),
        program("elective-for-unknown"),
        program("volunteers", kind="volunteer"),
    )
    assert found(catalogue, stages=("nurse",)) == ["nurses", "volunteers[stage_unknown]"]
    assert found(catalogue, stages=("clinical_student",)) == [
        "med",
        "nurses",
        "elective-for-unknown[stage_unknown]",
        "volunteers[stage_unknown]",
    ]


def test_a_profession_asked_for_leaves_out_what_is_for_medical_students(
    with_programs: WithPrograms, rows: Rows
) -> None:
    rows["specialties.csv"].append({"id": "physiotherapy", "name": "Physiotherapy"})
    rows["stages.csv"].append({"id": "allied_health", "name": "Allied health student"})
    catalogue = with_programs(
        program("med", stages="clinical_student"),
        program("allied", stages="allied_health"),
        program("physio", stages="clinical_student", specialties="physiotherapy"),
        program("surgeons", stages="allied_health", specialties="surgery"),
    )
    expected = ["physio", "allied[specialty_unknown]"]
    assert found(catalogue, specialties=("physiotherapy",)) == expected
    as_physio = {"specialties": ("physiotherapy",), "stages": ("allied_health",)}
    assert found(catalogue, **as_physio) == expected
    # Nearest is what else there is for the profession, not what is for medical students.
    nearby = {"physio", "allied"}
    query = SearchQuery(specialties=("physiotherapy",), countries=("TZ",))
    assert {hit.program.id for hit in nearest(catalogue, query).alternatives} == nearby


def test_dates_fit_where_one_can_start_all_year(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        program("a"),
        program("b", start_dates="Apply in June"),
        program("c", start_dates="All year, on Mondays"),
    )
    assert found(catalogue, when=("in July",)) == [
        "c",
        "a[dates_unknown]",
        "b[dates_unknown]",
    ]


def test_a_budget_per_week_is_compared_by_the_week(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        priced("a-100-a-week", 10000, price_basis="per_week"),
        priced("b-101-a-week", 40400, min_weeks="4"),
        priced("c-unknown-length", 100),
        priced("d-50-a-week", 20000, min_weeks="4"),
    )
    budget = {"budget": Money(10000, "EUR"), "budget_per": "week"}
    assert found(catalogue, **budget) == [
        "a-100-a-week",
        "d-50-a-week",
        "c-unknown-length[price_unknown]",
    ]


def test_order_by_length_puts_the_shortest_first_and_unknown_lengths_last(
    with_programs: WithPrograms,
) -> None:
    catalogue = with_programs(
        program("a"),
        program("b", min_weeks="4"),
        program("c", min_weeks="1", max_weeks="9"),
        program("d", min_weeks="1", max_weeks="2"),
        program("e", max_weeks="1"),
    )
    assert found(catalogue, order="length") == ["d", "c", "b", "e", "a"]


def test_pages_go_through_all_results_once(with_programs: WithPrograms) -> None:
    catalogue = with_programs(*(program(f"p{i}") for i in range(8)))
    pages = [search(catalogue, SearchQuery(), offset=offset) for offset in (0, 3, 6, 9)]
    assert [[hit.program.id for hit in page.results] for page in pages] == [
        ["p0", "p1", "p2"],
        ["p3", "p4", "p5"],
        ["p6", "p7"],
        [],
    ]
    assert {page.total for page in pages} == {8}
    first = search(catalogue, SearchQuery())
    assert search(catalogue, SearchQuery(), offset=-5).results == first.results


def test_a_hit_carries_all_that_a_reply_shows(with_programs: WithPrograms) -> None:
    catalogue = with_programs(
        priced(
            "a",
            123456,
            "USD",
            name="Elective in Bali",
            countries="ID;LK",
            places="denpasar;kandy",
            specialties="surgery;paediatrics",
            stages="premed",
            min_weeks="2",
            max_weeks="8",
            price_covers="Room",
            price_date="2024-05",
            languages="en;id",
            accommodation="optional",
            start_dates="Mondays",
            who_for="Anyone",
            source_date="2024",
        )
    )
    view = search(catalogue, SearchQuery()).results[0].program
    assert view.country_names == ("Indonesia", "Sri Lanka")
    assert view.place_names == ("Denpasar", "Kandy")
    assert view.specialty_names == ("Surgery", "Paediatrics")
    assert (view.kind, view.kind_name) == ("elective", "Elective")
    assert (view.stages, view.stage_names) == (("premed",), ("Premed student",))
    assert (view.min_weeks, view.max_weeks) == (2, 8)
    assert view.price == Money(123456, "USD")
    assert view.price.amount == Decimal("1234.56")
    assert (view.price_basis, view.price_covers) == ("total_shortest_stay", "Room")
    assert (view.languages, view.language_names) == (("en", "id"), ("English", "Indonesian"))
    assert (view.accommodation, view.start_dates) == ("optional", "Mondays")
    assert (view.source_url, view.price_note) == ("https://example.org/page", None)
    assert not view.worldwide


QUERIES = st.builds(
    SearchQuery,
    countries=st.sampled_from([(), ("KE",), ("PE", "ID")]),
    excluded_countries=st.sampled_from([(), ("KE",)]),
    places=st.sampled_from([(), ("bali",), ("nairobi",)]),
    regions=st.sampled_from([(), ("africa",), ("asia",)]),
    specialties=st.sampled_from([(), ("surgery",), ("paediatrics",)]),
    excluded_specialties=st.sampled_from([(), ("orthopaedics",)]),
    kinds=st.sampled_from([(), ("elective",)]),
    stages=st.sampled_from([(), ("premed",)]),
    max_weeks=st.sampled_from([None, 2, 4.5]),
    min_weeks=st.sampled_from([None, 3]),
    budget=st.sampled_from([None, Money(20000, "USD"), Money(50, "GBP")]),
    include_restricted=st.booleans(),
    include_reports=st.booleans(),
)


def test_a_constraint_never_adds_results_and_the_order_only_orders(
    with_programs: WithPrograms,
) -> None:
    catalogue = with_programs(
        program("a"),
        program("b", places="nairobi", specialties="orthopaedics", min_weeks="2"),
        priced("c", 15000, countries="ID", places="denpasar", stages="premed"),
        priced("d", 9000, "USD", price_basis="per_week", countries="PE", min_weeks="4"),
        program("e", countries="", worldwide="yes", specialties="paediatrics", max_weeks="3"),
        program("f", listing="restricted", kind="volunteer"),
        program("g", listing="report", countries="ID;KE"),
    )

    def ids(query: SearchQuery) -> set[str]:
        return {hit.program.id for hit in search(catalogue, query, limit=100).results}

    @settings(max_examples=200, deadline=None)
    @given(query=QUERIES)
    def check(query: SearchQuery) -> None:
        results = ids(query)
        where = {"countries", "places", "regions"}
        for name in query.constraints():
            if name not in where:
                assert results <= ids(query.without(name)), name
        # These three are alternatives: dropping one alone narrows, dropping all widens.
        assert results <= ids(query.without(*where))
        for order in ("price", "length"):
            assert ids(replace(query, order=order)) == results

    check()


# One programme --------------------------------------------------------------------------


def test_a_programme_is_got_by_its_id(catalogue: Catalogue) -> None:
    view = catalogue.program("kenya-elective")
    assert view is not None
    assert view.name == "Kenya Elective"
    assert catalogue.program("no-such") is None
