"""Plausible names for made-up categories and brands."""

from __future__ import annotations

from itertools import zip_longest

import polars as pl

_SECTIONS = {
    "electronics": (
        "smartphone clocks audio.headphone video.tv telephone tablet audio.subwoofer "
        "camera.video camera.photo audio.microphone audio.dictaphone video.projector "
        "audio.piano"
    ),
    "computers": (
        "notebook desktop peripherals.monitor components.videocards peripherals.printer "
        "components.cpu peripherals.mouse components.hdd components.memory "
        "peripherals.keyboard components.motherboard peripherals.camera components.cooler "
        "peripherals.joystick components.power_supply ebooks network.router"
    ),
    "appliances": (
        "kitchen.refrigerators environment.vacuum kitchen.washer environment.air_heater "
        "kitchen.meat_grinder kitchen.microwave iron kitchen.blender "
        "environment.water_heater sewing_machine kitchen.oven environment.air_conditioner "
        "kitchen.mixer kitchen.kettle kitchen.hood personal.hair_cutter "
        "kitchen.dishwasher kitchen.hob kitchen.grill personal.scales environment.fan "
        "kitchen.toaster kitchen.juicer kitchen.coffee_machine steam_cleaner "
        "kitchen.steam_cooker personal.massager"
    ),
    "apparel": (
        "shoes shoes.keds shirt trousers dress shoes.sandals underwear jacket "
        "shoes.slipons jeans skirt sock scarf jumper belt costume pajamas"
    ),
    "auto": (
        "accessories.player accessories.alarm accessories.videoregister "
        "accessories.compressor accessories.radar accessories.winch "
        "accessories.anti_freeze"
    ),
    "furniture": (
        "living_room.sofa bedroom.bed living_room.cabinet kitchen.table kitchen.chair "
        "living_room.shelving bedroom.blanket bathroom.bath living_room.chair "
        "universal.light bathroom.toilet bedroom.pillow universal.wardrobe"
    ),
    "kids": "carriage toys skates swing dolls bottles diapers",
    "construction": (
        "tools.drill tools.saw tools.light tools.welding tools.pump components.faucet "
        "tools.generator tools.screw tools.painting"
    ),
    "sport": "bicycle trainer ski tennis snowboard",
    "accessories": "bag wallet umbrella",
    "medicine": "tools.tonometer",
    "stationery": "paper cartridge stapler",
    "country_yard": "lawn_mower cultivator hammock watering",
}
# One of every section in turn, so that any number of categories has several sections.
_TURNS = zip_longest(
    *([f"{one}.{name}" for name in names.split()] for one, names in _SECTIONS.items())
)
_CATEGORIES = [name for turn in _TURNS for name in turn if name]

_SYLLABLES = [first + second for first in "bdfghjklmnprstvwz" for second in "aeiou"]
_LAST = "ldrsmk"
_STRIDE = 1_000_003  # a prime: neighbours get unlike names, and no two get the same


def category_names(count: int) -> pl.Series:
    """So many different category codes, such as electronics.smartphone."""
    names = []
    for number in range(count):
        again, at = divmod(number, len(_CATEGORIES))
        names.append(_CATEGORIES[at] + (f"_{again + 1}" if again else ""))
    return pl.Series(names, dtype=pl.String)


def brand_names(count: int) -> pl.Series:
    """So many different brands, such as tavor."""
    syllables = 2
    while (size := len(_SYLLABLES) ** syllables * len(_LAST)) < count:
        syllables += 1
    return pl.Series([_brand(i * _STRIDE % size, syllables) for i in range(count)], dtype=pl.String)


def _brand(number: int, syllables: int) -> str:
    number, last = divmod(number, len(_LAST))
    name = ""
    for _ in range(syllables):
        number, at = divmod(number, len(_SYLLABLES))
        name += _SYLLABLES[at]
    return name + _LAST[last]
