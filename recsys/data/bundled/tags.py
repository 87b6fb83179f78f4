"""Tags of the bundled items: a fixed vocabulary, each tag with the words in a title that earn it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

#: Tag -> words of a title (regular expressions for a whole word, without regard to case).
VOCABULARY: Final[Mapping[str, str]] = {
    # occasions
    "birthday": r"birthday",
    "christmas": r"christmas|xmas|advent|snowm[ae]n|snowflakes?|santa|reindeer|noel|bauble|baubles|panettone",
    "easter": r"easter|bunny|bunnies|chicks?|painted eggs?",
    "party": r"party|parties|bunting|balloons?|streamers?|confetti",
    "valentine": r"valentine|sweethearts?|cupid|love ?bird|lovebirds?|love",
    # rooms and places
    "bathroom": r"bath|bathroom|soap|toothbrush|flannel|washbag|toilet|loo",
    "beach": r"beach|seaside|sea|shells?|nautical|sailor|parasol",
    "garden": r"garden|gardener|gardeners|plant|planter|watering|herbs?|trowel|seeds?|shed|flowerpot|kneeling",
    "kitchen": r"kitchen|pantry|apron|oven|recipe|measuring|scales?|cutlery|frying|ladle|bread|colander|chopping|jam",
    "children": r"childrens?|children's|childs|child's|kids?|baby|nursery|toys?|dolly|spaceboy|circus|dinosaurs?",
    "office": r"office|desk|memo|calculator|stationery|pencils?|pens?|notebooks?|organiser|filing|sketchbook",
    "travel": r"travel|luggage|passport|suitcase|picnic|camping|wash ?bag",
    # food and drink
    "baking": r"baking|bake|cake|cakes|cupcakes?|muffin|biscuits?|cookie|cakestand|mould|pudding",
    "coffee": r"coffee|espresso|cafe|cafetiere",
    "lunch": r"lunch|snack|sandwich",
    "tea": r"tea|teas|teapot|teapots|teacup|teacups|teatime|teaspoons?",
    # kinds of product
    "bag": r"bags?|shopper|handbags?|backpack|holdall|tote|charlotte|rucksack",
    "box": r"box|boxes|tins?|caddy|crate|chest|trunk",
    "candle": r"candles?|candlestick|candlesticks|incense|scented|candelabra|votive",
    "card": r"cards?|postcards?|envelopes?|notelets?",
    "gift-wrap": r"wrap|gift (?:bag|box|tag|tape)s?|tissue paper",
    "clock": r"clocks?|alarm",
    "craft": r"craft|sewing|knitting|feltcraft|folkcraft|buttons?|ribbons?|stickers?|origami|jigsaw|crochet",
    "cushion": r"cushions?|throw|pillow|quilt|blanket",
    "cup": r"cups?|mugs?|beakers?|saucers?|tumblers?|goblets?",
    "frame": r"frames?|photo|album",
    "garland": r"garlands?|wreaths?|bunting|streamer",
    "jewellery": (
        r"jewellery|jewelled|necklaces?|bracelets?|bangles?|earrings?|brooch|charms?|pendant|diamante|trinket|choker|"
        r"hair ?(?:clip|grip|slide|comb)s?|(?<!napkin )rings?"
    ),
    "lamp": r"lamps?|lampshades?|lights?|lantern|lanterns|chandelier|fairy lights",
    "mirror": r"mirrors?|mirrored",
    "plate": r"plates?|bowls?|dish|dishes|trays?|platter|ramekins?",
    "sign": r"signs?|plaque|chalkboard|blackboard|slate|doorsign",
    "storage": r"storage|drawers?|cabinet|shelf|shelves|rack|hooks?|baskets?|tidy|hangers?|bins?|jars?|organiser",
    "t-light": r"t-lights?",
    "toy": r"toys?|games?|dolls?|dominoes|ludo|skittles|puzzles?|jigsaw|bingo|soldiers?|marbles|spinning|bricks?|teddy",
    "warmer": r"warmers?|hot water|hottie|cosy|mittens?|gloves?|scarf|slippers?",
    # motifs
    "animal": (
        r"cats?|dogs?|owls?|elephants?|rabbits?|frogs?|lions?|tigers?|monkeys?|horses?|hedgehogs?|fox|ducks?|hens?|mouse|"
        r"animals?|mice|chickens?|penguins?|pigs?|bunny|reindeer|dinosaurs?|kittens?|puppy|bears?|zebra"
    ),
    "bird": r"birds?|owls?|doves?|swallows?|hens?|cockerel|robins?|lovebirds?|feathers?|birdcage|nest|parrot",
    "butterfly": r"butterfly|butterflies",
    "fairy": r"fairy(?! cakes?)|fairies|toadstools?|magic|woodland|gnomes?|mushrooms?",
    "floral": (
        r"flowers?|floral|daisy|daisies|poppy|poppies|tulips?|lavender|blossom|bouquet|botanical|lily|sunflower|"
        r"hydrangea|orchid|peony|roses?|rosie|bloom"
    ),
    "fruit": r"fruits?|strawberry|strawberries|apples?|pears?|cherry|cherries|lemons?|oranges?|berries|pineapple|tutti",
    "heart": r"hearts?|sweethearts?|loveheart",
    "british": r"london|union (?:jack|flag)|british|jubilee|st george|english rose|royal",
    "polkadot": r"polka ?dots?|spotty|spots?|dots?|dotty",
    "retrospot": r"retro ?spots?",
    "rose": r"roses?|rosie|rosebuds?",
    "star": r"stars?|starfish",
    "vintage": (
        r"vintage|antique|retro|victorian|edwardian|traditional|shabby|classic|50's|60's|70's|bakelike|baroque|regency"
    ),
    # materials
    "ceramic": r"ceramic|porcelain|china|stoneware|terracotta",
    "fabric": r"cotton|felt|fabric|knitted|woolly|woollen|crochet|lace|flock|velvet|linen|quilted|embroidered|patchwork",
    "glass": r"glass|crystal|murano|bead|beads|beaded",
    "metal": r"metal|zinc|tins?|wire|iron|copper|brass|chrome|steel|aluminium|pewter|enamel",
    "paper": r"paper|card|notebooks?|tissues?|doilies|origami|cardboard|honeycomb|decoupage",
    "wooden": r"wooden|wood|wicker|bamboo|rattan|willow|cork",
    # colours
    "black": r"black|noir|jet",
    "blue": r"blue|navy|turquoise|azure|aqua",
    "green": r"green|olive|emerald|mint",
    "pink": r"pink|fuchsia|rose ?pink",
    "red": r"red|ruby|scarlet",
    "white": r"white",
}
_PATTERNS: Final = {
    tag: re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE) for tag, words in VOCABULARY.items()
}


def tags_of(title: str) -> tuple[str, ...]:
    """Tags that the words of `title` earn, sorted."""
    return tuple(sorted(tag for tag, pattern in _PATTERNS.items() if pattern.search(title)))
