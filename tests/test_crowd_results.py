"""Results of crowd work: each layout of answers, what is left out and counted, gold, moments and seconds."""

import pytest

from halo_methods.errors import HaloError
from halo_methods.exports import read_export
from halo_methods.exports.crowd_results import turk_answers

TURK = "HITId,AssignmentId,WorkerId,AssignmentStatus,SubmitTime,WorkTimeInSeconds,Input.doc,"


@pytest.fixture
def read(file):
    return lambda tool, text, **options: read_export([file(text, "results.csv")], tool, **options)


@pytest.mark.parametrize(
    ("cells", "answers"),
    [
        ({"Answer.q": "good"}, {"q": "good"}),
        ({"Answer.q": ""}, {}),
        ({"Answer.q.a": "true", "Answer.q.b": "true", "Answer.q.c": "false"}, {"q": {"a", "b"}}),
        ({"Answer.q.a": "false", "Answer.q.b": "false"}, {"q": set()}),
        ({"Answer.q.1": "not a truth value"}, {"q.1": "not a truth value"}),
        ({"Answer.taskAnswers": '[{"q": {"a": true, "b": false}, "why": "short"}]'}, {"q": {"a"}, "why": "short"}),
    ],
)
def test_mechanical_turk_answers_in_each_layout(cells, answers):
    assert turk_answers(cells) == answers


def test_mechanical_turk_counts_and_moments(read):
    rows = ["h1,a1,w1,Approved,Fri Dec 22 02:16:35 PST 2023,31,d1,good", "h1,a2,w2,Submitted,soon,32,d1,",
            "h1,a3,w3,Rejected,Fri Dec 22 02:16:35 PST 2023,1,d1,bad", "h2,a4,w1,Approved,soon,33,d2,bad"]  # fmt: skip
    export = read("mechanical-turk", "\n".join([TURK + "Answer.q", *rows]))
    assert export.counts == {"tasks": 2, "people": 1, "kept": 2, "predictions": 0, "rejected": 1, "empty": 1}
    assert export.table["rated_at"].to_list() == ["2023-12-22T10:16:35Z", None]
    assert "1 moment such as 'soon' left out" in export.notes[0]
    for name in ("doc", "Input.doc"):
        joined = read("mechanical-turk", "\n".join([TURK + "Answer.q", *rows]), columns={"item_id": name})
        assert joined.table["item_id"].to_list() == ["d1", "d2"]


def test_mechanical_turk_reads_several_items_of_a_hit_as_a_row_each(read):
    head = TURK.replace("Input.doc,", "Input.page,Input.doc_1,Input.doc_2,Input.doc_11,")
    head += "Answer.q_1,Answer.q_2.good,Answer.q_2.bad,Answer.q_11,Answer.hard"
    text = (
        f"{head}\nh1,a1,w1,Approved,,30,p,d1,d2,d11,good,true,false,bad,no\nh1,a2,w2,Approved,,31,p,d1,d2,d11,bad,,,,"
    )
    export = read("mechanical-turk", text, columns={"doc": "doc", "page": "page"})
    assert export.table.select(
        "item_id", "rater_id", "criterion", "label", "cluster", "doc", "page", "seconds"
    ).rows() == [
        ("h1.1", "w1", "q", "good", "h1", "d1", "p", "10"),
        ("h1.2", "w1", "q", "good", "h1", "d2", "p", "10"),
        ("h1.11", "w1", "q", "bad", "h1", "d11", "p", "10"),
        ("h1", "w1", "hard", "no", "h1", None, "p", "10"),
        ("h1.1", "w2", "q", "bad", "h1", "d1", "p", "31"),
    ]
    assert export.counts["tasks"] == 4
    assert "shared evenly" in export.notes[0]
    told = '"[{""q_1"": {""a"": true}, ""q_2"": ""b""}]"'
    export = read("mechanical-turk", TURK + f"Input.text_1,Input.text_2,Answer.taskAnswers\nh,a,w,,,8,d,x,y,{told}")
    assert export.table.select("item_id", "label").rows() == [("h.1", "a"), ("h.2", "b")]
    plain = read("mechanical-turk", TURK + "Answer.q_1,Answer.q_2\nh,a,w,,,8,d,x,y")
    assert plain.table.select("item_id", "criterion").rows() == [("h", "q_1"), ("h", "q_2")]


TOLOKA = "INPUT:x\tOUTPUT:q\tOUTPUT:r\tGOLDEN:q\tASSIGNMENT:task_id\tASSIGNMENT:worker_id\tASSIGNMENT:status\t"
TOLOKA += "ASSIGNMENT:started\tASSIGNMENT:submitted\n"


def test_toloka_keeps_work_that_was_not_rejected_and_takes_gold(read):
    rows = ["i\tdog\t3\tcat\tt1\tw1\tAPPROVED\t2026-03-01T10:00:00\t2026-03-01T10:01:00.5", ""]
    rows += [f"i\tdog\t\t\tt2\tw1\t{status}\t2026-03-01T10:00:00\t" for status in ("REJECTED", "SKIPPED", "EXPIRED")]
    export = read("toloka", TOLOKA + "\n".join(rows))
    assert export.table.select("criterion", "label", "gold", "rated_at", "seconds").rows() == [
        ("q", "dog", "cat", "2026-03-01T10:01:00.500000Z", "60.5"),
        ("r", "3", "", "2026-03-01T10:01:00.500000Z", "60.5"),
    ]
    assert {"rejected": 1, "skipped": 1, "expired": 1}.items() <= export.counts.items()


APPEN = "_unit_id,_worker_id,_tainted,_started_at,_created_at,colours,text,colours_gold\n"


def test_appen_leaves_out_tainted_work_and_takes_every_accepted_answer(read):
    one = '1,w1,false,3/24/2016 17:56:23,3/24/2016 17:57:02,"red\nblue",the text,"red\nblue"\n'
    export = read("appen", APPEN + one + '1,w2,TRUE,,,red,the text,"red\nblue"\n2,w1,false,,,,the text,\n')
    (row,) = export.table.rows(named=True)
    assert (row["label"], row["gold"], row["seconds"]) == ("blue|red", "red|blue", "39")
    assert {"tainted": 1, "empty": 1, "gold": 1}.items() <= export.counts.items()
    with pytest.raises(HaloError, match="--criteria"):
        read("appen", "_unit_id,_worker_id,q\n1,w,x\n")
    assert read("appen", "_unit_id,_worker_id,q\n1,w,x\n", criteria=["q"]).counts["kept"] == 1


def test_trec_judges_have_a_file_each(tmp_path):
    for name, label in (("ann", 1), ("bo", 0)):
        (tmp_path / f"{name}.qrels").write_text(f"51 0 doc-1 {label}\n51 0 doc-2 2\n")
    files = [tmp_path / "ann.qrels", tmp_path / "bo.qrels"]
    export = read_export(files, "trec-qrels", rater_from="file")
    assert export.table.select("item_id", "rater_id", "label", "cluster").row(2) == ("51 doc-1", "bo", "0", "51")
    with pytest.raises(HaloError, match="--rater-from file"):
        read_export(files, "trec-qrels")
    (tmp_path / "ann.qrels").write_text("51 0 doc-1 1\nnot a judgment\n")
    with pytest.raises(HaloError, match="not as TREC qrels writes it"):
        read_export(files[:1], "trec-qrels", rater_from="file")
