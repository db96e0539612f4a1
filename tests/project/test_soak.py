"""The sections of `make soak` with small numbers: what must be right is right; how long it takes is not asked here."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import wraps

import pytest

from tests.soak import classroom, figures, mathematics, memory, parameters, recovery, slow, uploads
from tests.soak.bombs import BOMBS
from tests.soak.classroom import Class
from tests.soak.texts import texts
from tests.support.sepviz_server import sepviz

FEW = 6
IMPATIENT = "import sepviz.web.server as server; server.HEADERS_SECONDS = 1; server.BODY_SECONDS = 2"


def apart(test):
    """In a thread of its own: the browser of other tests keeps an event loop running in this one."""

    @wraps(test)
    def run(**fixtures):
        with ThreadPoolExecutor(1) as thread:
            thread.submit(test, **fixtures).result()

    return run


@pytest.fixture(scope="module")
def server():
    with sepviz() as running:
        yield running


def test_broken_pictures_and_killed_decoders(server):
    seen = uploads.upload(server, count=90, kill_every=20, bombs=FEW)
    assert seen.told["faults"] == []
    assert seen.told["kills"] == 90 // 20
    assert {201, 413, 415, 422} <= set(map(int, seen.told["statuses"]))
    assert sum(seen.told["statuses"].values()) == 90 + FEW
    assert seen.told["compared"]


def test_there_are_twenty_bombs():
    assert len(BOMBS) == 20


def test_a_class(server):
    told = classroom.attend(server, Class(10, 0, 60), seed=1, most=150)
    assert told["faults"] == []
    assert told["good"]
    assert set(map(int, told["statuses"])) == {200}


def test_more_people_than_fit_and_figures_meanwhile():
    with sepviz(SEPVIZ_QUEUE="2") as small:
        told, onlookers, _ = classroom.overload(small, Class(100, 0, 60), watched=1, most=400)
    assert told["faults"] == onlookers["faults"] == []
    assert told["refusals"]
    assert len(onlookers["figure"]) == classroom.FIGURES
    assert len(onlookers["health"]) == classroom.HEALTHS


@pytest.mark.parametrize(("connections", "refused"), [(6, False), (60, True)])
def test_connections_that_request_again_at_once_are_refused_only_beyond_the_queue(connections, refused):
    impatient = "import sepviz.compute.queue as admission; admission.MAX_WAIT_FOR_PLACE_SECONDS = 0"
    with sepviz(impatient, SEPVIZ_QUEUE="6", SEPVIZ_WORKERS="1") as small:
        seen = classroom.closed_loop(small, connections, 0, max_requests=200)
    assert seen["faults"] == []
    assert (seen["statuses"]["503"] > 0) == refused
    assert sum(seen["statuses"].values()) == 200
    assert len(seen["times"]) == seen["statuses"]["200"] > 0


@apart
def test_hostile_parameters_in_process():
    faults, statuses = asyncio.run(parameters.in_process(600))
    assert faults == []
    assert {200, 404, 414, 422} <= statuses.keys()
    assert statuses.total() == 600


@apart
def test_hostile_parameters_over_the_wire(server):
    faults, statuses = asyncio.run(parameters.over_the_wire(server, 200))
    assert faults == []
    assert statuses.total() == 200


def test_legal_layers_are_torch_s():
    assert mathematics.legal(300) == []


def test_illegal_layers_never_reach_torch():
    assert mathematics.illegal(300) == []


def test_hostile_texts():
    assert figures.checked(texts(400)) == []


@apart
def test_hostile_texts_in_a_browser():
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
def test_what_is_forbidden_is_found(svg):
    assert list(figures.forbidden(svg))


def test_stalled_clients_are_closed():
    with sepviz(IMPATIENT) as impatient:
        stalled, others = slow.stall(impatient, heads=40, bodies=10, seconds=1)
    assert stalled["faults"] == others["faults"] == []
    assert [len(stalled[kind]) for kind in ("head", "body")] == [40, 10]
    assert others["figure"]


@apart
def test_a_killed_decoder_is_replaced(server):
    assert recovery.idle_decoder(server, 1).faults == []
    assert recovery.busy_decoder(server, 1).faults == []


@apart
def test_who_computes_is_replaced(server):
    assert recovery.worker(server, 1).faults == []


@apart
def test_a_killed_server_leaves_nothing_behind():
    assert recovery.restart(1).faults == []


@apart
def test_an_order_to_stop_loses_nothing():
    assert recovery.stop(12).faults == []


def test_memory_is_measured_after_so_many_requests(monkeypatch):
    monkeypatch.setattr(memory, "REST_S", 0.1)
    assert list(memory.growth(20, 200)) == [20, 200]
    assert list(memory.shapes(4, 12)) == [4, 12]
