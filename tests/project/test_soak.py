"""The sections of `make soak` with small numbers, for faults alone: times are not tested here."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import wraps

import pytest

from tests.soak import classroom, figures, mathematics, memory, parameters, recovery, slow, uploads
from tests.soak.bombs import BOMBS
from tests.soak.classroom import Class
from tests.soak.texts import texts
from tests.support.sepviz_server import sepviz

BOMB_COUNT = 6
SHORT_DEADLINES = "import sepviz.web.server as server; server.HEADERS_SECONDS = 1; server.BODY_SECONDS = 2"


def in_own_thread(test):
    """Run the test in another thread: in this one an event loop runs, which the browser of other tests has started."""

    @wraps(test)
    def run(**fixtures):
        with ThreadPoolExecutor(1) as thread:
            thread.submit(test, **fixtures).result()

    return run


@pytest.fixture(scope="module")
def server():
    with sepviz() as running:
        yield running


def test_broken_pictures_and_killed_decoders_cause_no_fault(server):
    seen = uploads.upload(server, count=90, kill_every=20, bombs=BOMB_COUNT)
    assert seen.told["faults"] == []
    assert seen.told["kills"] == 90 // 20
    assert {201, 413, 415, 422} <= set(map(int, seen.told["statuses"]))
    assert sum(seen.told["statuses"].values()) == 90 + BOMB_COUNT
    assert seen.told["compared"]


def test_twenty_decompression_bombs_are_listed():
    assert len(BOMBS) == 20


def test_class_within_capacity_gets_only_200(server):
    result = classroom.attend(server, Class(10, 0, 60), seed=1, most=150)
    assert result["faults"] == []
    assert result["good"]
    assert set(map(int, result["statuses"])) == {200}


def test_overload_is_refused_while_figures_are_served():
    with sepviz(SEPVIZ_QUEUE="2") as small:
        result, onlookers, _ = classroom.overload(small, Class(100, 0, 60), watched=1, most=400)
    assert result["faults"] == onlookers["faults"] == []
    assert result["refusals"]
    assert len(onlookers["figure"]) == classroom.FIGURES
    assert len(onlookers["health"]) == classroom.HEALTHS


@pytest.mark.parametrize(("connections", "refused"), [(6, False), (60, True)])
def test_closed_loop_is_refused_only_beyond_queue_length(connections, refused):
    no_wait = "import sepviz.compute.queue as admission; admission.MAX_WAIT_FOR_PLACE_SECONDS = 0"
    with sepviz(no_wait, SEPVIZ_QUEUE="6", SEPVIZ_WORKERS="1") as small:
        result = classroom.closed_loop(small, connections, 0, max_requests=200)
    assert result["faults"] == []
    assert (result["statuses"]["503"] > 0) == refused
    assert sum(result["statuses"].values()) == 200
    assert len(result["times"]) == result["statuses"]["200"] > 0


@in_own_thread
def test_hostile_parameters_in_process_cause_no_fault():
    faults, statuses = asyncio.run(parameters.in_process(600))
    assert faults == []
    assert {200, 404, 414, 422} <= statuses.keys()
    assert statuses.total() == 600


@in_own_thread
def test_hostile_parameters_over_http_cause_no_fault(server):
    faults, statuses = asyncio.run(parameters.over_the_wire(server, 200))
    assert faults == []
    assert statuses.total() == 200


def test_legal_layers_agree_with_torch():
    assert mathematics.legal(300) == []


def test_illegal_layers_are_refused_before_torch():
    assert mathematics.illegal(300) == []


def test_figures_with_hostile_texts_are_safe():
    assert figures.checked(texts(400)) == []


@in_own_thread
def test_figures_with_hostile_texts_run_no_script_in_browser():
    assert figures.opened(texts(4)) == []


@pytest.mark.parametrize(
    "svg",
    [
        "<svg><script/></svg>",
        "<svg><g onload='a'/></svg>",
        "<svg><g style='fill: url(//a)'/></svg>",
        "<svg><foreignObject/></svg>",
        "<svg><g href='#a'/></svg>",
        "<!DOCTYPE svg><svg/>",
        "<svg>\x01</svg>",
        "<svg>",
    ],
)
def test_forbidden_svg_content_is_found(svg):
    assert list(figures.forbidden(svg))


def test_stalled_clients_are_disconnected_while_others_are_served():
    with sepviz(SHORT_DEADLINES) as impatient:
        stalled, others = slow.stall(impatient, heads=40, bodies=10, seconds=1)
    assert stalled["faults"] == others["faults"] == []
    assert [len(stalled[kind]) for kind in ("head", "body")] == [40, 10]
    assert others["figure"]


@in_own_thread
def test_killed_decoder_is_replaced(server):
    assert recovery.idle_decoder(server, 1).faults == []
    assert recovery.busy_decoder(server, 1).faults == []


@in_own_thread
def test_killed_compute_process_is_replaced(server):
    assert recovery.worker(server, 1).faults == []


@in_own_thread
def test_killed_server_leaves_no_process_and_restarts():
    assert recovery.restart(1).faults == []


@in_own_thread
def test_sigterm_loses_no_response():
    assert recovery.stop(12).faults == []


def test_memory_is_measured_after_given_number_of_requests(monkeypatch):
    monkeypatch.setattr(memory, "REST_S", 0.1)
    assert list(memory.growth(20, 200)) == [20, 200]
    assert list(memory.shapes(4, 12)) == [4, 12]
