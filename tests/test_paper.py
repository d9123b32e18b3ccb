"""The paper: its numbers come from results, it builds without a warning, twice to the same bytes, also from an unpacked archive."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from bargaining.cli import cli, main
from bargaining.paper import archive, exhibits
from bargaining.paper.building import PaperError, build, compile_pdf
from bargaining.paper.calibration import late_sources
from bargaining.paper.generated import RESULTS, STAMP, generate
from bargaining.paper.numbers import Numbers, decimal, percent
from bargaining.paper.stored import Stored
from bargaining.report.source import ReportError
from bargaining.store import file_hash, read_manifest, read_table, table_text

ROOT = Path(__file__).parents[1]
SOURCE = (ROOT / "paper" / "paper.typ").read_text(encoding="utf-8")
# What may stand in a sentence as a figure: names, dates, statutes. No result.
NAMES = r"Section (?:301|122)|(?:June|July|May) 2025|2018–19|2025–26|H20\b|H200\b"


def invoke(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, list(arguments), standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return int(done.return_value or 0), done.stdout, done.stderr


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


# Numbers in the text.


def results_sections(source: str) -> str:
    begin, end = "// results: begin", "// results: end"
    assert source.count(begin) == source.count(end) == 1
    return source[source.index(begin) : source.index(end)]


def without_code(text: str) -> str:
    """The words of a piece of Typst source: calls with their string and option arguments, labels and comments taken out."""
    text = re.sub(r"^#let .*$|^#exhibit\(.*\)$|//.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"#results\.numbers\.at\(\"[^\"]*\"\)\.unit", "", text)
    text = re.sub(r"(#?\b(?:n|says|share|cite|item)\()((?:\"[^\"]*\"|<[^>]*>|[^()\[\]])*)", "", text)
    return re.sub(r"<[\w-]+>|@[\w-]+", "", text)


def typed_by_hand(source: str) -> list[str]:
    """Figures in the results sections that no code put there. In formulas 0 and 1, an index and an exponent are no results."""
    words = re.sub(NAMES, "", without_code(results_sections(source)))
    formulas = r"\$[^$]*\$"
    found = re.findall(r"\d[\d.,]*", re.sub(formulas, "", words))
    for formula in re.findall(formulas, words):
        found += [number for number in re.findall(r"\d+(?:\.\d+)?", formula) if number not in ("0", "1", "2")]
    return found


def test_no_number_of_the_results_is_typed_by_hand() -> None:
    assert typed_by_hand(SOURCE) == []


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("It holds in 74.5 % of draws.", ["74.5"]),
        ("from $delta = 0.486$ on", ["0.486"]),
        ('from #n("briefing.central.T,R|C.civil.delta") on, and 3 more', ["3"]),
        ('#says("court.flag", [it holds in 7 cells], [none])', ["7"]),
        ("Section 301, in June 2025, at $nu = 0$ (@sec-prior)", []),
    ],
)
def test_the_search_for_numbers_finds_them(sentence: str, found: list[str]) -> None:
    assert typed_by_hand(f"// results: begin\n{sentence}\n// results: end") == found


def test_no_semicolon_ends_a_call_where_a_reader_should_see_it() -> None:
    """Typst takes a semicolon right after a call in the text for the end of the call, and prints none."""
    assert re.findall(r'#[a-z.]+\("[^"]*"(?:, *\[[^\]]*\])*\)(?:\.unit)?;', SOURCE) == []


def test_numbers_are_strings_made_once() -> None:
    numbers = Numbers(complete=True)
    numbers.real("surplus", -32.241, "rows.csv", unit="$bn")
    assert numbers.entries == {"surplus": {"text": "−32.24", "unit": "$bn", "source": "rows.csv"}}
    with pytest.raises(ReportError, match="'surplus' is made twice"):
        numbers.count("surplus", 3, "rows.csv")
    with pytest.raises(ReportError, match=r"rows.csv: nothing there for the number 'share'"):
        numbers.put("share", percent(None), "rows.csv")
    with pytest.raises(ReportError, match="table 'empty' has no rows"):
        numbers.table("empty", ["a"], [], "rows.csv")
    coarse = Numbers(complete=False)
    coarse.flag("share", None, "rows.csv")
    assert coarse.entries["share"]["text"] == "–"
    assert decimal(-1e-12, 1) == "0.0"


# References and exhibits.


def test_every_reference_is_cited_and_complete() -> None:
    entries = re.findall(r"@(\w+)\{(\w+),(.*)\}\n", (ROOT / "paper" / "refs.bib").read_text(encoding="utf-8"))
    assert len({key for _, key, _ in entries}) == len(entries) > 40
    cited = set(re.findall(r"@([A-Z]\w+)|cite\(<(\w+)>", SOURCE))
    assert {a or b for a, b in cited} == {key for _, key, _ in entries}
    for kind, key, fields in entries:
        assert all(f"{name}={{" in fields for name in ("author", "title", "year")), key
        assert kind != "article" or all(f"{name}={{" in fields for name in ("journal", "volume", "pages")), key
        doi = re.search(r"doi=\{([^}]*)\}", fields)
        assert doi is None or re.fullmatch(r"10\.\d{4,5}/\S+", doi[1]), key


def test_every_exhibit_is_shown_once_and_says_what_it_shows() -> None:
    shown = re.findall(r"#exhibit\(\"([\w-]+)\"", SOURCE)
    assert sorted(shown) == sorted(exhibit.name for exhibit in exhibits.EXHIBITS)
    for exhibit in exhibits.EXHIBITS:
        assert exhibit.note.endswith(".")
        assert (len(exhibit.alt) > 60) == (exhibit.kind == "figure"), exhibit.name
    for name in exhibits.experiments():
        assert (ROOT / "experiments" / f"{name}.yaml").is_file()


# From results to the PDF.


@pytest.fixture(scope="module")
def smoke(smoke_folder: Path) -> Iterator[Path]:
    """A folder in which `bargaining reproduce --profile smoke` was called, with nothing in it but what other tests solved before."""
    before = Path.cwd()
    os.chdir(smoke_folder)
    try:
        code, _, err = invoke("reproduce", "--profile", "smoke", "--workers", "2")
        assert code in (0, 3), err  # 3: some rows are not proven
        yield smoke_folder
    finally:
        os.chdir(before)


@pytest.fixture
def built(smoke: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(smoke)
    return smoke / ".runs" / "paper" / "smoke"


def test_the_paper_is_built_from_smoke_results(built: Path) -> None:
    pdf = (built / "paper.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    content = json.loads((built / "generated" / RESULTS).read_text(encoding="utf-8"))
    assert content["profile"] == "smoke"
    for exhibit in exhibits.EXHIBITS:
        if exhibit.kind == "figure":
            assert (built / "generated" / exhibit.file).stat().st_size > 3000, exhibit.name
    assert "<svg" in (built / "generated" / "truce.svg").read_text(encoding="utf-8")
    assert content["numbers"]["briefing.central.T,R|C.civil.delta"]["text"] == "0.450"  # closed form: 9/20
    # The same keys as the committed paper, so nothing depends on the profile.
    committed = json.loads((ROOT / "paper" / "generated" / RESULTS).read_text(encoding="utf-8"))
    assert set(content["numbers"]) == set(committed["numbers"])
    assert {name: e["title"] for name, e in content["exhibits"].items()} == {name: e["title"] for name, e in committed["exhibits"].items()}


def test_a_second_call_does_nothing(built: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*") if path.is_file()}
    code, out, _ = invoke("reproduce", "--profile", "smoke", "--json")
    content = json.loads(out)
    assert code in (0, 3)
    assert {step["done"] for step in content["steps"]} == {"nothing to do"}
    assert {path: path.stat().st_mtime_ns for path in built.rglob("*") if path.is_file()} == before


def test_two_builds_give_the_same_bytes(built: Path) -> None:
    files = [path for path in built.rglob("*") if path.suffix in (".svg", ".json", ".md", ".pdf")]
    before = {path: path.read_bytes() for path in files}
    assert generate("smoke", force=True)
    assert build("smoke", force=True)[1]
    for path in files:
        assert path.read_bytes() == before[path], path.name


def test_a_changed_result_changes_the_report_and_the_paper(built: Path) -> None:
    rows = Stored("smoke").folder("licence") / "rows.csv"
    manifest = rows.with_name("manifest.json")
    text, words = rows.read_text(encoding="utf-8"), manifest.read_text(encoding="utf-8")
    try:
        rows.write_text(text.replace("True", "False", 1), encoding="utf-8")
        with pytest.raises(ReportError) as error:
            generate("smoke")
        again = "`bargaining run licence --profile smoke` makes it again"
        assert str(error.value) == f".runs/licence/smoke/rows.csv: does not match its manifest; {again}"
        content = json.loads(words)
        content["sha256"]["rows.csv"] = file_hash(rows)
        manifest.write_text(json.dumps(content), encoding="utf-8")
        assert generate("smoke")
    finally:
        rows.write_text(text, encoding="utf-8")
        manifest.write_text(words, encoding="utf-8")
    assert generate("smoke")
    build("smoke")


def test_a_missing_number_figure_or_label_stops_the_build_in_one_line(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "paper")
    folder = tmp_path / "paper"
    source, results = folder / "paper.typ", folder / "generated" / RESULTS
    whole, content = source.read_text(encoding="utf-8"), json.loads(results.read_text(encoding="utf-8"))
    line = next(k for k, text in enumerate(whole.splitlines(), 1) if '"court.kappa"' in text)
    del content["numbers"]["court.kappa"]
    results.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(PaperError, match=rf"paper\.typ:{line}: .*no number court\.kappa in generated/results\.json") as error:
        compile_pdf(folder)
    assert "\n" not in str(error.value)
    shutil.copy(built / "generated" / RESULTS, results)
    (folder / "generated" / "truce.svg").unlink()
    with pytest.raises(PaperError, match=r"truce\.svg"):
        compile_pdf(folder)
    shutil.copy(built / "generated" / "truce.svg", folder / "generated" / "truce.svg")
    source.write_text(whole + "\nSee @nowhere.\n", encoding="utf-8")
    with pytest.raises(PaperError, match="nowhere"):
        compile_pdf(folder)
    source.write_text(whole + '\n#text(font: "No Such Font")[x]\n', encoding="utf-8")
    with pytest.raises(PaperError, match="unknown font family"):  # typst only warns of it
        compile_pdf(folder)


def test_a_run_that_the_text_needs_stops_the_build(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its run the longest tranche is not taken from the grid of another."""
    shutil.copytree(built.parents[1], tmp_path / ".runs")
    monkeypatch.chdir(tmp_path)
    folder = Stored("smoke").folder("truce")
    rows = [row for row in read_table(folder / "rows.csv") if row["run"] != "longest"]
    (folder / "rows.csv").write_text(table_text(rows), encoding="utf-8")
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    content["sha256"]["rows.csv"] = file_hash(folder / "rows.csv")
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ReportError, match=r"truce/smoke/rows\.csv: .*(no column 'verdict'|run 'longest')"):
        generate("smoke")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": None}, "points: expected a whole number, got None"),
        ({"question": 3}, "question: expected a sentence, got 3"),
        ({"statuses": ["solved"]}, "statuses: expected a JSON object, got ['solved']"),
        ({"statuses": {"solved": "all"}}, "statuses.solved: expected a whole number, got 'all'"),
        ({"sha256": "abc"}, "sha256: expected a JSON object, got 'abc'"),
        ({"runs": {"length": 3}}, "runs.length: expected a JSON object, got 3"),
    ],
)
def test_a_manifest_that_no_run_wrote_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Stored("smoke").folder("truce")
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"question": "How long?", "points": 1, "statuses": {}} | change))
    with pytest.raises(ReportError) as error:
        Stored("smoke").manifest("truce")
    assert str(error.value) == f".runs/truce/smoke/manifest.json: {words}"


@pytest.mark.parametrize("text", ["[1]", "{", '{"truce": 3}', '{"truce": {"seconds": "long", "cores": 2, "processor": "x"}}'])
def test_run_times_that_no_run_wrote_are_told_before_anything_is_solved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".runs").mkdir()
    (tmp_path / ".runs" / "times-smoke.json").write_text(text)
    code, _, err = call(capsys, "reproduce", "--profile", "smoke")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(".runs/times-smoke.json: ")
    assert not list((tmp_path / ".runs").glob("linkage"))


@pytest.mark.parametrize(("proven", "code"), [(True, 0), (False, 3)])
def test_reproduce_exits_with_3_where_rows_are_not_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], proven: bool, code: int
) -> None:
    from bargaining.cli import reproducing

    monkeypatch.chdir(tmp_path)
    done = SimpleNamespace(cached=True, solved=0, points=1, proven=proven, folder=tmp_path)
    monkeypatch.setattr(reproducing, "run", lambda *_, **__: done)
    monkeypatch.setattr(reproducing, "generate", lambda *_, **__: False)
    monkeypatch.setattr(reproducing, "build", lambda *_, **__: (tmp_path / "paper.pdf", False))
    assert call(capsys, "reproduce", "--profile", "smoke")[0] == code


@pytest.mark.parametrize("command", ["report", "paper", "reproduce"])
def test_a_profile_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = call(capsys, command, "--profile", "../../x")
    assert code == 2
    assert "'../../x' is no name of a profile" in err


def test_late_sources_of_the_named_calibrations_are_counted_from_the_records() -> None:
    late = late_sources()
    assert {"loss_at_80pct_cut_share", "us_rare_earth_market_busd_yr", "political_weight_us_usd_per_usd"} <= set(late)
    assert "reciprocal_coverage_us_share" in late
    assert "withhold_flow_share" not in late
    assert "imf_us_loss80" in {fact.id for fact in late["loss_at_80pct_cut_share"]}


def test_results_that_are_missing_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = call(capsys, "report", "--profile", "smoke")
    assert code == 2
    assert err == ".runs/linkage/smoke/rows.csv: No such file or directory; `bargaining run linkage --profile smoke` makes it\n"
    code, _, err = call(capsys, "paper", "--profile", "smoke")
    assert (code, err.count("\n")) == (2, 1)
    assert "`bargaining report --profile smoke` makes it" in err


def test_the_committed_paper_says_what_the_committed_results_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands under paper/generated is what the report writes from experiments/results today."""
    shutil.copytree(ROOT / "experiments", tmp_path / "experiments")
    shutil.copytree(ROOT / "paper", tmp_path / "paper")
    for stamp in (tmp_path / "paper" / "generated").glob(f"{STAMP}*"):
        stamp.unlink()
    monkeypatch.chdir(tmp_path)
    assert generate("paper")
    for path in sorted((ROOT / "paper" / "generated").glob("[!.]*")):
        assert (tmp_path / "paper" / "generated" / path.name).read_bytes() == path.read_bytes(), path.name
    pdf, _ = build("paper")
    assert pdf.read_bytes() == (ROOT / "paper" / "paper.pdf").read_bytes()


# Checking and verifying.

SMALL = """\
schema_version: 1
name: truce
question: How long?
runs:
  length:
    scenario: truce
    calibrations: [stylised]
    design: {grid: {delta: [0.9], risk_at_expiry_share: [1], lapse_risk_share: [0.1], tranche_periods: [1]}}
    solver: {name: equilibrium_set, plans: [truce], tol: 1.0e-3}
"""


def test_a_payoff_changed_by_hand_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "truce.yaml").write_text(SMALL)
    assert call(capsys, "run", "truce")[0] == 0
    assert call(capsys, "check", "truce")[0] == 0
    path = tmp_path / "experiments" / "results" / "truce" / "rows.csv"
    rows = read_table(path)
    right = rows[0]["best_us"]
    rows[0]["best_us"] = right + 0.01
    path.write_text(table_text(rows), encoding="utf-8")
    code, out, err = call(capsys, "check", "truce")
    assert code == 1
    line = next(line for line in out.splitlines() if line.startswith("best_us"))
    assert re.search(rf"NO +0\.01 +{0.01 / (right + 0.01):.3g} ", line)
    assert re.search(r"^files +NO .*changed after they were written: rows\.csv", out, flags=re.MULTILINE)
    assert "exhibits of the paper affected: Figure “The longest tranche of a truce that enforces itself”" in out
    assert "results differ" in err
    code, out, _ = call(capsys, "check", "truce", "--json")
    assert code == 1
    assert json.loads(out)["exhibits_affected"] == {"truce": exhibits.of_experiment("truce")}


def test_a_share_changed_by_hand_is_caught(smoke: Path, tmp_path: Path) -> None:
    from bargaining.comparison import compare

    fresh = smoke / ".runs" / "ensemble_linkage" / "smoke"
    committed = tmp_path / "committed"
    shutil.copytree(fresh, committed)
    assert all(item.agrees for item in compare(committed, fresh))
    rows = read_table(committed / "shares.csv")
    rows[0]["share"] += 0.125
    (committed / "shares.csv").write_text(table_text(rows), encoding="utf-8")
    wrong = {item.item: item for item in compare(committed, fresh) if not item.agrees}
    assert set(wrong) == {"files", "shares.csv share"}
    assert wrong["shares.csv share"].absolute == pytest.approx(0.125)


def test_verify_all_checks_every_stored_solution(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    stored = list((ROOT / "experiments" / "results").glob("*/solutions/*.json"))
    code, out, err = call(capsys, "verify", "--all")
    assert code == 0
    assert out.count("holds") == len(stored) >= 5
    assert f"{len(stored)} of {len(stored)} certificates hold" in err
    assert call(capsys, "verify")[0] == 2
    assert call(capsys, "verify", "--all", "experiments/results/linkage")[0] == 2


# The archive.


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        archive.write_archive(Path(), folder / "a.zip")
        archive.write_archive(Path(), folder / "b.zip")
    finally:
        os.chdir(before)
    assert (folder / "a.zip").read_bytes() == (folder / "b.zip").read_bytes()
    with zipfile.ZipFile(folder / "a.zip") as file:
        file.extractall(folder)
    (inside,) = (path for path in folder.iterdir() if path.is_dir())
    return inside


def test_the_archive_is_clean_and_says_how_to_replicate(unpacked: Path) -> None:
    names = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert {"README.md", "README-package.md", "LICENSE", "requirements.lock", "paper/paper.pdf", "paper/paper.typ"} <= names
    assert {"bargaining/scenarios/data/facts.json", "experiments/linkage.yaml", "experiments/results/linkage/rows.csv"} <= names
    assert not [name for name in names if re.search(r"__pycache__|(^|/)\.|provenance\.json|progress\.json|\.pyc$", name)]
    text = (unpacked / "README.md").read_text(encoding="utf-8")
    for heading in (
        "Overview",
        "Data availability",
        "Computational requirements",
        "Description of programs",
        "Instructions",
        "List of exhibits",
    ):
        assert f"## {heading}" in text
    for exhibit in exhibits.EXHIBITS:
        assert exhibit.title in text
    assert 'readme = "README-package.md"' in (unpacked / "pyproject.toml").read_text(encoding="utf-8")


def in_archive(unpacked: Path, *arguments: str, jit: bool) -> str:
    """Output of a command that sees the unpacked archive and nothing of the clone."""
    outside = {**os.environ, "PYTHONPATH": str(unpacked)} | ({} if jit else {"NUMBA_DISABLE_JIT": "1"})
    code = "import sys, bargaining; print(bargaining.__file__); from bargaining.cli import main; main(sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=unpacked, env=outside, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr
    assert Path(done.stdout.splitlines()[0]).is_relative_to(unpacked)
    return done.stdout


def test_the_unpacked_archive_runs_an_experiment(unpacked: Path) -> None:
    in_archive(unpacked, "run", "licence", "--profile", "smoke", jit=False)
    manifest = read_manifest(unpacked / ".runs" / "licence" / "smoke")
    assert manifest is not None
    assert manifest["profile"] == "smoke"


@pytest.mark.full
def test_the_unpacked_archive_builds_the_smoke_paper(unpacked: Path) -> None:
    in_archive(unpacked, "reproduce", "--profile", "smoke", jit=True)
    assert (unpacked / ".runs" / "paper" / "smoke" / "paper.pdf").read_bytes().startswith(b"%PDF")


def test_a_folder_that_is_no_clone_gives_no_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = call(capsys, "package")
    assert (code, err.count("\n")) == (2, 1)
    assert "pyproject.toml: no such file or folder; `bargaining package` is run from the root of a clone" in err


@pytest.mark.parametrize("out", ["", "."])
def test_an_archive_is_a_file(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: str) -> None:
    monkeypatch.chdir(ROOT)
    code, _, err = call(capsys, "package", "--out", out)
    assert (code, err) == (2, ".: a folder; expected the archive's file, such as replication.zip\n")
