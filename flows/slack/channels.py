"""The channels of categories, which get their alerts beside the report's own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from flows.report.message import Delivered, Message, MessageId
from flows.report.values import Category
from flows.runtime.errors import SlackError
from flows.slack.delivery import Delivery

log = logging.getLogger("voc")


class CategoryChannels:
    """Posts each alert of a week once to its category's channel, as a delivery posts the report.

    A channel that fails stops nothing: it is left alone for the rest of the run, and `failures` says why. A later run
    posts what it lacks.

    Args:
        channels: of the categories whose alerts go to one.
        open_delivery: makes the delivery to a channel.
    """

    def __init__(
        self, channels: Mapping[Category, str], open_delivery: Callable[[str], Delivery]
    ) -> None:
        self.failures: dict[str, SlackError] = {}
        self._channels = channels
        self._deliveries: dict[str, Delivery] = {}
        for channel in dict.fromkeys(channels.values()):
            with self._noting(channel):
                self._deliveries[channel] = open_delivery(channel)

    def find(self, category: Category) -> Delivered | None:
        """The alert as it was posted already, if it was."""
        return self._ask(category, lambda delivery: delivery.find(MessageId("alert", category)))

    def lacks(self, category: Category) -> bool:
        """Whether the alert is still to be posted, to a channel that has not failed."""
        return self.find(category) is None and self._takes(category)

    def post(self, alert: Message) -> Delivered | None:
        """Post an alert unless it was posted already; None where the channel fails."""
        return self._ask(alert.id.category, lambda delivery: delivery.post(alert))

    def _takes(self, category: Category | None) -> bool:
        channel = self._channels.get(category) if category else None
        return channel is not None and channel not in self.failures

    def _ask(
        self, category: Category | None, ask: Callable[[Delivery], Delivered | None]
    ) -> Delivered | None:
        answer = None
        if category and self._takes(category):
            channel = self._channels[category]
            with self._noting(channel):
                answer = ask(self._deliveries[channel])
        return answer

    @contextmanager
    def _noting(self, channel: str) -> Iterator[None]:
        try:
            yield
        except SlackError as error:
            self.failures[channel] = error
            log.warning("the channel %s gets no alerts: %s", channel, error)
