"""Whether something that stays matters: zone x hours x permit x dwell, as pure functions.

The worker asks when a thing appears; the API asks again when a permit is entered later. Both get
the same answer from the same facts, with a reason in plain words.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.incident import Category
from contracts.judgement import Candidate, Judgement, Outcome
from contracts.places import unit_for, zones_at
from contracts.schedule import describe, is_open, seconds_since_open
from contracts.site import Permit, Rule, Schedule, Site, Zone, ZoneKind

__all__ = ["Candidate", "Judgement", "Outcome", "judge", "rules_for", "unit_for", "zones_at"]


def judge(candidate: Candidate, site: Site, rank: int = 0) -> Judgement:
    """Judge a thing by a site's rules, zones, hours and permits.

    Args:
        candidate: The thing.
        site: The site.
        rank: How many things of its category were in the same place before it: a permit's capacity
            goes to those who came first.

    Returns: The judgement of the rule that comes nearest to raising it.
    """
    rules = rules_for(candidate.category, site)
    zones = zones_at(candidate, site)
    facts = _Facts(candidate, site, zones, rank)
    if not rules:
        return facts.say(Outcome.NO_RULE, None, f"no rule speaks of {_word(candidate.category)}")
    ignored = [zone for zone in zones if zone.kind is ZoneKind.IGNORED and facts.counts(zone)]
    if ignored:
        return facts.say(Outcome.IGNORED, rules[0], f"stands in ignored zone {ignored[0].id}")
    judgements = [_judge_by(rule, facts) for rule in rules]
    return min(judgements, key=lambda judgement: _NEARNESS.index(judgement.outcome))


def rules_for(category: Category, site: Site) -> list[Rule]:
    """The rules of a category, the most urgent first."""
    rules = [rule for rule in site.rules if rule.category is category]
    return sorted(rules, key=lambda rule: rule.priority)


_NEARNESS = [
    Outcome.RAISED,
    Outcome.TOO_SHORT,
    Outcome.LOW_CONFIDENCE,
    Outcome.TOO_SMALL,
    Outcome.OUTSIDE_HOURS,
    Outcome.PERMITTED,
    Outcome.OUTSIDE_ZONES,
    Outcome.IGNORED,
    Outcome.NO_RULE,
]
"""Outcomes from raised to farthest from it; the order in which several rules are heard."""


@dataclass(frozen=True, slots=True)
class _Facts:
    candidate: Candidate
    site: Site
    zones: list[Zone]
    rank: int

    def counts(self, zone: Zone) -> bool:
        """Whether a zone speaks of this category at this time."""
        if zone.categories and self.candidate.category not in zone.categories:
            return False
        return zone.schedule is None or self.open(zone.schedule)

    def open(self, schedule_id: str) -> bool:
        schedule = _schedule(self.site, schedule_id)
        return is_open(schedule, self.candidate.now, self.site.time_zone, self.site.holidays)

    def closed_for_s(self, schedule_id: str) -> float | None:
        schedule = _schedule(self.site, schedule_id)
        return seconds_since_open(schedule, self.candidate.now, self.site.time_zone, self.site.holidays)

    def say(
        self, outcome: Outcome, rule: Rule | None, reason: str, permits: Iterable[Permit] = ()
    ) -> Judgement:
        return Judgement(
            outcome,
            rule,
            reason[:500],
            tuple(zone.id for zone in self.zones if zone.kind is not ZoneKind.PRIVACY),
            tuple(permit.id for permit in permits),
            unit_for(self.candidate.category, self.candidate.lonlat, self.site),
            rule.priority if rule else 3,
            dict(rule.codes) if rule else {},
        )


def _judge_by(rule: Rule, facts: _Facts) -> Judgement:
    """Judge by one rule: place and hours, then permits, then what the thing is."""
    held_up = _place_and_hours(rule, facts)
    if held_up is not None:
        return held_up
    leave, refusal = _leave_to_stay(rule, facts)
    if leave is not None:
        return leave
    return _thing_itself(rule, facts, refusal)


def _place_and_hours(rule: Rule, facts: _Facts) -> Judgement | None:
    if rule.schedule is not None and not facts.open(rule.schedule):
        hours = describe(_schedule(facts.site, rule.schedule))
        return facts.say(Outcome.OUTSIDE_HOURS, rule, f"rule {rule.id} holds only {hours}")
    if not rule.zones:
        return None
    inside = [zone for zone in facts.zones if zone.id in rule.zones]
    if not inside:
        return facts.say(Outcome.OUTSIDE_ZONES, rule, _why_outside(rule, facts))
    if not any(facts.counts(zone) for zone in inside):
        zone = inside[0]
        hours = describe(_schedule(facts.site, zone.schedule)) if zone.schedule else ""
        reason = f"zone {zone.id} holds only {hours}" if hours else f"zone {zone.id} does not speak of it"
        return facts.say(Outcome.OUTSIDE_HOURS, rule, reason)
    return None


def _why_outside(rule: Rule, facts: _Facts) -> str:
    wanted = ", ".join(rule.zones)
    on_ground = any(zone.polygon_lonlat is not None for zone in facts.site.zones if zone.id in rule.zones)
    if facts.candidate.lonlat is None and on_ground:
        return (
            f"stands in none of the zones of rule {rule.id} ({wanted}); "
            "without a place, zones on the map cannot hold"
        )
    return f"stands in none of the zones of rule {rule.id} ({wanted})"


def _leave_to_stay(rule: Rule, facts: _Facts) -> tuple[Judgement | None, str]:
    """Whether a permitted zone covers it; else why the permitted zone that it stands in does not."""
    refusal = ""
    for zone in facts.zones:
        if zone.kind is not ZoneKind.PERMITTED:
            continue
        if zone.categories and facts.candidate.category not in zone.categories:
            continue
        in_time, reason = _zone_in_time(zone, rule, facts)
        if not in_time:
            refusal = refusal or reason
            continue
        permits = [permit for permit in facts.site.permits if _speaks_of(permit, zone, facts)]
        valid = [permit for permit in permits if _is_valid(permit, rule, facts)]
        if sum(permit.capacity for permit in valid) > facts.rank:
            covering = _covering(valid, facts.rank)
            text = f"stays inside permitted zone {zone.id} under permit {covering.id}"
            return facts.say(Outcome.PERMITTED, rule, text, [covering]), ""
        if not zone.needs_permit:
            return facts.say(Outcome.PERMITTED, rule, f"stays inside permitted zone {zone.id}"), ""
        refusal = refusal or _permit_refusal(zone, permits, valid)
    return None, refusal


def _zone_in_time(zone: Zone, rule: Rule, facts: _Facts) -> tuple[bool, str]:
    if zone.schedule is None or _open_or_grace(zone.schedule, rule, facts):
        return True, ""
    hours = describe(_schedule(facts.site, zone.schedule))
    return False, f"outside permitted hours {hours} in zone {zone.id}"


def _open_or_grace(schedule_id: str, rule: Rule, facts: _Facts) -> bool:
    """Whether it is open, or closed so lately that the rule still tolerates it."""
    if facts.open(schedule_id):
        return True
    closed_for = facts.closed_for_s(schedule_id)
    return closed_for is not None and closed_for < rule.grace_s


def _speaks_of(permit: Permit, zone: Zone, facts: _Facts) -> bool:
    return zone.id in permit.zones and facts.candidate.category in permit.categories


def _is_valid(permit: Permit, rule: Rule, facts: _Facts) -> bool:
    in_time = permit.valid_from <= facts.candidate.now < permit.valid_to
    return in_time and (permit.schedule is None or _open_or_grace(permit.schedule, rule, facts))


def _covering(valid: list[Permit], rank: int) -> Permit:
    """The permit whose capacity holds the place of that rank."""
    left = rank
    for permit in valid:
        if left < permit.capacity:
            return permit
        left -= permit.capacity
    return valid[-1]


def _permit_refusal(zone: Zone, permits: list[Permit], valid: list[Permit]) -> str:
    if not permits:
        return f"without a permit in permitted zone {zone.id}"
    if not valid:
        return f"with no permit valid now in permitted zone {zone.id}"
    return f"beyond the capacity of {sum(permit.capacity for permit in valid)} of permitted zone {zone.id}"


def _thing_itself(rule: Rule, facts: _Facts, refusal: str) -> Judgement:
    """Size, confidence, dwell; and the reason if all of them are met."""
    thing = facts.candidate
    height = thing.box_xyxy_px[3] - thing.box_xyxy_px[1]
    if height < rule.min_box_px:
        return facts.say(
            Outcome.TOO_SMALL, rule, f"{height:.0f} px high, the rule asks for {rule.min_box_px:.0f}"
        )
    if thing.area_m2 is not None and thing.area_m2 < rule.min_area_m2:
        return facts.say(
            Outcome.TOO_SMALL, rule, f"{thing.area_m2:.1f} m2, the rule asks for {rule.min_area_m2:.1f}"
        )
    if thing.confidence < rule.min_confidence:
        return facts.say(
            Outcome.LOW_CONFIDENCE,
            rule,
            f"confidence {thing.confidence:.2f}, the rule asks for {rule.min_confidence:.2f}",
        )
    if thing.present_s < rule.dwell_s:
        return facts.say(
            Outcome.TOO_SHORT,
            rule,
            f"there for {_span(thing.present_s)}, the rule asks for {_span(rule.dwell_s)}",
        )
    return facts.say(Outcome.RAISED, rule, _reason(facts, refusal))


def _reason(facts: _Facts, refusal: str) -> str:
    thing = facts.candidate
    verb = "sells" if thing.category is Category.STREET_VENDOR else "lies"
    if thing.category is Category.OVERFLOWING_BIN:
        verb = "overflows"
    since = f"for {_span(thing.present_s)}"
    if refusal:
        return f"{verb} {refusal}, {since}"
    restricted = [zone for zone in facts.zones if zone.kind is ZoneKind.RESTRICTED and facts.counts(zone)]
    where = f" in restricted zone {restricted[0].id}" if restricted else ""
    if thing.category is Category.STREET_VENDOR:
        return f"sells outside every permitted zone{where}, {since}"
    return f"{_word(thing.category)} {verb}{where} {since}"


def _schedule(site: Site, schedule_id: str) -> Schedule:
    for schedule in site.schedules:
        if schedule.id == schedule_id:
            return schedule
    raise KeyError(f"no schedule '{schedule_id}' in site '{site.name}'; `streetkeeper site check` names it")


def _word(category: Category) -> str:
    return category.value.replace("_", " ")


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
