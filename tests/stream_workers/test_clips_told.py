"""How an incident's events tell its clip: once, in the look's own transaction, also after a kill."""

from dataclasses import dataclass, field
from typing import Any

from contracts.event import IncidentEvent
from contracts.incident import EvidenceRef, Incident
from contracts.site import Camera, View
from stream_workers.incidents import ClipAnswer
from tests.support.pipelines import MemoryJournal, Rig, Row, a_site, px

HEAP = (150, 110, 185, 140, 30)
HEAP_ROW: Row = ("garbage_pile", 0.9, px(HEAP[:4]))
REF = EvidenceRef(kind="clip", sha256="ab" * 32, href=f"evidence/{'ab' * 32}.mp4", masked=True)
AWAITED = ClipAnswer(is_awaited=True)


@dataclass
class ToldClips:
    """Answers as a test says; how clips are made is tested elsewhere."""

    answer: ClipAnswer = AWAITED
    first: ClipAnswer = AWAITED
    ordered: list[Incident] = field(default_factory=list)

    def order(self, incident: Incident) -> ClipAnswer:
        self.ordered.append(incident)
        return self.first

    def ask(self, incident_id: str) -> ClipAnswer:
        return self.answer


def a_rig(clips: ToldClips | None, journal: MemoryJournal | None = None) -> Rig:
    rig = Rig(site=a_site(cameras=[Camera(id="cam", clips=True, views=[View(id="view")])]), journal=journal)
    rig.pipeline._parts.desk._clips = clips
    return rig


def opened(rig: Rig) -> IncidentEvent:
    """Watch until the heap's incident opens."""
    rig.watch(20)
    for _ in range(30):
        events = heap(rig)
        if events:
            (event,) = events
            assert event.type.endswith("opened")
            return event
    raise AssertionError("no incident opened")


def heap(rig: Rig, looks: int = 1) -> list[IncidentEvent]:
    return rig.watch(looks, rows=[HEAP_ROW], things=(HEAP,))


def kinds(event: IncidentEvent) -> list[str]:
    return [ref.kind for ref in event.data.evidence]


def told(event: IncidentEvent) -> tuple[str, int, list[str], str | None]:
    return event.type.rpartition(".")[2], event.sequence, kinds(event), event.data.evidence_note


def test_a_clip_that_is_made_comes_with_one_update() -> None:
    clips = ToldClips()
    rig = a_rig(clips)
    first = opened(rig)
    assert [incident.incident_id for incident in clips.ordered] == [first.data.incident_id]
    assert clips.ordered[0].media_time_s == first.data.media_time_s
    assert heap(rig, 3) == []
    clips.answer = ClipAnswer(ref=REF)
    (update,) = heap(rig, 5)
    assert (update.type, update.sequence) == ("org.streetkeeper.incident.updated", 1)
    assert update.data.evidence == [*first.data.evidence, REF]
    assert update.data.opened_at == first.data.opened_at
    assert heap(rig, 5) == []
    rig.watch(30)
    closed = rig.journal.events[-1]
    assert closed.type.endswith("closed")
    assert closed.data.evidence == update.data.evidence


def test_why_there_is_no_clip_is_told_beside_why_pictures_are_missing() -> None:
    clips = ToldClips()
    rig = a_rig(clips)
    before = opened(rig).data.evidence_note
    clips.answer = ClipAnswer(note="no clip: too many incidents opened at once")
    (update,) = heap(rig)
    assert update.data.evidence_note == f"{before}; no clip: too many incidents opened at once"
    assert kinds(update) == []


def test_an_update_for_another_reason_does_not_forget_that_a_clip_is_awaited() -> None:
    clips = ToldClips()
    rig = a_rig(clips)
    opened(rig)
    (half_hour,) = heap(rig, 185)
    assert told(half_hour)[:3] == ("updated", 1, [])
    clips.answer = ClipAnswer(ref=REF)
    (update,) = heap(rig)
    assert told(update)[:3] == ("updated", 2, ["clip"])


def test_a_clip_that_is_there_at_once_stands_in_the_first_event() -> None:
    clips = ToldClips(first=ClipAnswer(ref=REF))
    rig = a_rig(clips)
    assert kinds(opened(rig)) == ["clip"]
    assert heap(rig, 5) == []


def test_without_clips_events_are_as_they_were() -> None:
    plain, rig = Rig(), a_rig(None)
    assert opened(plain).data.evidence == opened(rig).data.evidence == []
    assert heap(rig, 5) == []


def test_after_a_kill_the_clip_that_was_awaited_is_told_to_be_missing_exactly_once() -> None:
    journal = MemoryJournal(persist_looks=3)
    rig = a_rig(ToldClips(), journal)
    first = opened(rig)
    lost = ToldClips(answer=ClipAnswer(note="no clip: the worker that was making it ended"))
    again = a_rig(lost, journal)
    again.number = rig.number
    (update,) = heap(again, 5)
    assert told(update)[:2] == ("updated", 1)
    assert update.data.incident_id == first.data.incident_id
    assert "no clip: the worker that was making it ended" in str(update.data.evidence_note)
    third = a_rig(lost, journal)
    third.number = again.number
    assert heap(third, 5) == []
    assert lost.ordered == []


def test_a_kill_between_the_clip_and_its_commit_tells_it_once() -> None:
    """The look that would have told it is not committed: the next process begins from the look before."""
    journal = MemoryJournal(persist_looks=3)
    clips = ToldClips()
    rig = a_rig(clips, journal)
    opened(rig)
    committed, events, number = journal.packed, list(journal.events), rig.number
    clips.answer = ClipAnswer(ref=REF)
    (lost,) = heap(rig)
    journal.packed, journal.events = committed, events
    again = a_rig(clips, journal)
    again.number = number
    (update,) = heap(again, 4)
    assert update.id == lost.id
    assert update.data == lost.data


def test_an_incident_that_closes_before_its_clip_is_made_says_so() -> None:
    rig = a_rig(ToldClips())
    opened(rig)
    closed = rig.watch(30)[-1]
    assert closed.type.endswith("closed")
    assert "no clip: the incident closed before it was made" in str(closed.data.evidence_note)


def test_an_incident_that_closes_with_its_clip_just_made_brings_it() -> None:
    looks = 0
    undisturbed = a_rig(ToldClips())
    opened(undisturbed)
    while not undisturbed.watch(1):
        looks += 1
    clips = ToldClips()
    rig = a_rig(clips)
    opened(rig)
    assert rig.watch(looks) == []
    clips.answer = ClipAnswer(ref=REF)
    (closed,) = rig.watch(1)
    assert closed.type.endswith("closed")
    assert closed.data.evidence[-1] == REF


def test_clips_that_are_turned_off_meanwhile_are_told_to_be_missing() -> None:
    journal = MemoryJournal(persist_looks=3)
    rig = a_rig(ToldClips(), journal)
    opened(rig)
    off = a_rig(None, journal)
    off.number = rig.number
    (update,) = heap(off, 3)
    assert "no clip: clips were turned off meanwhile" in str(update.data.evidence_note)


def test_a_long_reason_for_missing_pictures_leaves_room_for_that_of_the_clip() -> None:
    clips = ToldClips(first=ClipAnswer(note="no clip: " + "x" * 200))
    rig = a_rig(clips)

    class Long:
        def take(self, *_: Any) -> Any:
            from stream_workers.incidents import TakenEvidence

            return TakenEvidence([], "y" * 300)

    rig.pipeline._parts.desk._evidence = Long()
    note = str(opened(rig).data.evidence_note)
    assert len(note) == 300
    assert note.endswith("no clip: " + "x" * 200)
