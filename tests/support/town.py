"""A town of one camera, one market and one rule, to be judged in tests."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.incident import Category
from contracts.rules import Candidate, Judgement, judge
from contracts.site import Site
from contracts.site_faults import consistency_faults

VENDOR, GARBAGE = Category.STREET_VENDOR, Category.GARBAGE_PILE
EVENING = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # 20:00 in Shanghai
NIGHT = EVENING + timedelta(hours=3)  # 23:00
MARKET = (104.0005, 30.0005)
STREET = (104.0025, 30.0005)
EDGE_DEG = 0.001


def square(lon: float, lat: float) -> list[tuple[float, float]]:
    return [(lon, lat), (lon + EDGE_DEG, lat), (lon + EDGE_DEG, lat + EDGE_DEG), (lon, lat + EDGE_DEG)]


def permit(number: str = "P-1", **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "categories": ["street_vendor"],
        "zones": ["night-market"],
        "valid_from": "2026-11-01T00:00:00+08:00",
        "valid_to": "2026-12-01T00:00:00+08:00",
        **changes,
    }


MARKET_ZONE: dict[str, Any] = {
    "id": "night-market",
    "kind": "permitted",
    "categories": ["street_vendor"],
    "schedule": "evening",
    "needs_permit": True,
    "polygon_lonlat": square(104.0, 30.0),
}


@dataclass
class Town:
    """A site of one camera, one market and one rule, to be changed by each test."""

    rule: dict[str, Any] = field(default_factory=dict)
    market: dict[str, Any] = field(default_factory=dict)
    permits: list[dict[str, Any]] = field(default_factory=list)
    zones: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    holidays: list[str] = field(default_factory=list)

    def site(self) -> Site:
        rule = {"id": "vendors", "category": "street_vendor", "dwell_s": 300, **self.rule}
        site = Site.model_validate(
            {
                "format": "streetkeeper-site/1",
                "name": "Town",
                "version": "1",
                "time_zone": "Asia/Shanghai",
                "holidays": self.holidays,
                "schedules": [
                    {
                        "id": "evening",
                        "hours": [{"start": "18:00", "end": "22:00"}],
                        "on_holidays": "closed",
                    },
                    {"id": "early", "hours": [{"start": "05:00", "end": "07:00"}]},
                ],
                "zones": [{**MARKET_ZONE, **self.market}, *self.zones],
                "permits": self.permits,
                "rules": [rule, *self.rules],
                "units": [{"id": "district", "name": "District"}, {"id": "office", "name": "Office"}],
                "areas": [
                    {"id": "all", "unit": "district", "polygon_lonlat": square(104.0, 30.0)},
                    {
                        "id": "some",
                        "unit": "office",
                        "categories": ["street_vendor"],
                        "polygon_lonlat": [
                            [104.0, 30.0],
                            [104.0008, 30.0],
                            [104.0008, 30.0008],
                            [104, 30.0008],
                        ],
                    },
                ],
                "cameras": [{"id": "c", "views": [{"id": "v"}, {"id": "other"}]}],
            }
        )
        assert [fault for fault in consistency_faults(site) if fault.severity == "error"] == []
        return site

    def says(self, thing: Candidate, rank: int = 0) -> Judgement:
        return judge(thing, self.site(), rank)


STALL = Candidate(
    category=VENDOR,
    confidence=0.9,
    box_xyxy_px=(100.0, 100.0, 160.0, 150.0),
    lonlat=MARKET,
    footprint=None,
    area_m2=3.0,
    view_id="v",
    first_seen=EVENING - timedelta(minutes=10),
    now=EVENING,
    present_s=600.0,
)
