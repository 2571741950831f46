"""When the sampler measures, and that nothing is held once nobody asks."""

import os
import pathlib
import unittest

from tests.support.own_cgroup import Cgroup
from tests.support.cadvisor.sampled_service import Listener, SamplerCase
from tests.support.waiting import wait_until


class Idle(SamplerCase):
    """After --sample-idle everything is let go."""

    def held(self, service):
        process = pathlib.Path(f"/proc/{service.pid}")
        names = []
        for entry in (process / "fd").iterdir():
            try:
                names.append(os.readlink(entry))
            except FileNotFoundError:
                pass  # closed meanwhile
        # Connections of earlier questions are closed when the service hears of it.
        return sorted(name for name in names if not name.startswith("socket:")), len(list((process / "task").iterdir()))

    def test_descriptors_threads_and_samples_are_let_go(self):
        service = self.serve("--sample-interval", "250ms", "--sample-idle", "400ms")
        self.answer(service, "v2.0/machine")  # what is read once, at the start, has been read
        at_start = self.held(service)
        group = Cgroup(self)
        for _ in range(2):
            self.answer(service, "v2.0/stats?recursive=true&count=1")
            self.assertGreater(len(self.held(service)[0]), len(at_start[0]) + 3)
            self.assertIn("anon_inode:inotify", self.held(service)[0])
            wait_until(lambda: self.held(service) == at_start, "everything is let go")
            # The ring is empty: whoever asks now gets one sample, measured now.
            self.assertEqual(len(self.answer(service, f"v2.0/stats{group.path}?count=-1")[group.path]), 1)

    def test_questions_for_nobody_are_let_go_too(self):
        service = self.serve("--sample-interval", "250ms", "--sample-idle", "400ms")
        self.answer(service, "v2.0/machine")
        at_start = self.held(service)
        self.is_unknown(service, "/nope")
        self.assertIn("anon_inode:inotify", self.held(service)[0])
        wait_until(lambda: self.held(service) == at_start, "everything is let go")

    def test_while_somebody_asks_samples_come(self):
        service = self.serve("--sample-interval", "250ms", "--sample-idle", "1m")
        group = Cgroup(self)
        path = f"v2.0/stats{group.path}?count=-1"
        samples = wait_until(lambda: (all_of := self.answer(service, path)[group.path]) and len(all_of) >= 4 and all_of, "samples come")
        self.assertEqual([one["timestamp"] for one in samples], sorted({one["timestamp"] for one in samples}))

    def test_a_stream_of_events_keeps_it_going(self):
        service = self.serve("--sample-interval", "250ms", "--sample-idle", "250ms")
        listener = Listener(self, service, "&creation_events=true")
        for _ in range(4):
            group = Cgroup(self)
            wait_until(lambda: listener.of(group.path), "it is seen though nobody else asks")
            wait_until(lambda: "anon_inode:inotify" in self.held(service)[0], "the tree stays watched")
        listener.close()
        wait_until(lambda: "anon_inode:inotify" not in self.held(service)[0], "and is let go with the stream")

    def test_a_stream_of_events_needs_no_figures(self):
        service = self.serve("--sample-interval", "250ms", "--sample-idle", "1m")
        listener = Listener(self, service, "&creation_events=true")
        groups = []
        # The last is seen some passes after the first.
        for _ in range(3):
            groups.append(Cgroup(self))
            wait_until(lambda: listener.of(groups[-1].path), "it is seen")
        self.assertEqual(len(self.answer(service, f"v2.0/stats{groups[0].path}?count=-1&follow=false")[groups[0].path]), 1)

    def test_who_does_not_follow_gets_what_there_is(self):
        service = self.serve("--sample-interval", "250ms", "--sample-idle", "1m")
        group = Cgroup(self)
        path = f"v2.0/stats{group.path}?count=-1&follow=false"
        first = self.answer(service, path)[group.path]
        self.assertEqual(len(first), 1)
        # A pass of the sampler would have measured this one too.
        listener = Listener(self, service, "&creation_events=true")
        for _ in range(3):
            other = Cgroup(self)
            wait_until(lambda: listener.of(other.path), "passes go on")
        listener.close()
        self.assertLessEqual(len(self.answer(service, path)[group.path]), 2)

    def test_always_samples_before_anybody_asked(self):
        service = self.serve("--sample-interval", "250ms", "--sample-idle", "always")
        group = Cgroup(self)
        wait_until(lambda: "anon_inode:inotify" in self.held(service)[0], "it has begun by itself")
        # Not one question for this cgroup yet, and its samples are there.
        wait_until(lambda: len(self.answer(service, f"v2.0/stats{group.path}?count=-1")[group.path]) > 1, "there are several")


if __name__ == "__main__":
    unittest.main()
