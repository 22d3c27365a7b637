"""Several senders at once: nobody is told twice at a time, nobody holds others up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from django.db import connections
from django.utils import timezone

from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.planes import CONTROL, plane
from tenants.hooks import queue, sending, tasks
from tenants.hooks.actions import SendTest
from tenants.hooks.queue import Heard
from tenants.models import WebhookMessage
from tests.races import at_once
from tests.tenants.hooks.conftest import Listen, Receiver, send_all, wait_until

GOOD = Heard(200, 5)


def send_in_the_background() -> threading.Thread:
    def run() -> None:
        with plane(CONTROL):
            sending.send_next()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_one_that_is_slow_holds_nobody_else_up(
    committed: None, receive: Callable[[], Receiver], listen: Listen, owner: Actor
) -> None:
    slow, fast = receive(), receive()
    slow.waits = threading.Event()
    busy, quick = listen(slow), listen(fast)
    for _ in range(4):
        perform(SendTest, busy, actor=owner)
    threads = [send_in_the_background() for _ in range(2)]
    wait_until(lambda: len(slow.got) == queue.MOST)
    perform(SendTest, quick, actor=owner)
    # Two of its messages are on their way, two wait; the quick one is told meanwhile.
    assert send_all() == 1
    assert len(fast.got) == 1
    assert queue.due() == 0
    slow.waits.set()
    for thread in threads:
        thread.join()
    assert send_all() == 2
    assert len(set(slow.ids)) == 4


def test_two_who_look_at_once_do_not_both_send_it(
    committed: None, receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    perform(SendTest, listen(receiver), actor=owner)
    results = at_once([queue.claim, queue.claim, queue.claim])
    assert sum(isinstance(found, WebhookMessage) for found in results) == 1


def test_many_at_once_never_exceed_what_an_endpoint_takes(
    committed: None, receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    for _ in range(6):
        perform(SendTest, endpoint, actor=owner)
    results = at_once([queue.claim] * 6)
    taken = [found for found in results if isinstance(found, WebhookMessage)]
    assert len(taken) == queue.MOST
    assert len({message.pk for message in taken}) == queue.MOST


def test_a_sender_that_was_killed_loses_the_message_to_another(
    receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    perform(SendTest, listen(receiver), actor=owner)
    first = queue.claim()
    assert first is not None
    assert queue.claim() is None
    over = timezone.now() - timedelta(seconds=1)
    WebhookMessage.objects.update(claimed_until=over)
    second = queue.claim()
    assert second is not None
    assert (second.pk, second.attempts) == (first.pk, 2)
    assert queue.settle(first, Heard(500, 5)) is False
    assert queue.settle(second, GOOD) is True
    second.refresh_from_db()
    assert (second.state, second.tried.count()) == ("delivered", 2)


def test_a_sweep_asks_for_as_many_attempts_as_there_is_room_for(
    receiver: Receiver, listen: Listen, owner: Actor
) -> None:
    endpoint = listen(receiver)
    assert tasks.sweep_hooks() == 0
    for _ in range(5):
        perform(SendTest, endpoint, actor=owner)
    assert tasks.sweep_hooks() == queue.MOST
    assert send_all() == 5
    assert len(set(receiver.ids)) == 5
