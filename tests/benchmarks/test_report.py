"""How the benchmarks write their part of docs/benchmarks.md."""

from benchmarks.report import machine, machine_line, table, write_section


def test_a_section_is_replaced_and_its_neighbours_stay(tmp_path):
    page = tmp_path / "docs" / "benchmarks.md"
    write_section("one", "first", page)
    write_section("two", "second", page)
    write_section("one", "better", page)
    text = page.read_text("utf-8")
    assert "<!-- one:begin -->\nbetter\n<!-- one:end -->" in text
    assert "<!-- two:begin -->\nsecond\n<!-- two:end -->" in text
    assert "first" not in text
    assert text.startswith("# Benchmarks\n")


def test_a_table_has_a_head_and_escapes_what_would_split_a_cell():
    assert table([["system", "ms"], ["a|b", 6], ["c", None]]).splitlines() == [
        "| system | ms |",
        "| --- | ---: |",
        "| a\\|b | 6 |",
        "| c |  |",
    ]


def test_the_machine_is_named_with_its_versions():
    found = machine()
    assert found["cores"] >= 1 and found["memory_gib"] > 0
    assert found["versions"]["numpy"] in machine_line(found)
