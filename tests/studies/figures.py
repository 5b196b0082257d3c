"""All that was published of the experiments, as the reports have it, not as the study files do."""

TEST, ENSEMBLE, VALIDATION = "test_accuracy", "snapshot_ensemble", "validation_accuracy"
RATE, DECAY = "learning_rate", "weight_decay"
WITHOUT, WITH = {"batch_norm": "none"}, {"batch_norm": "before"}
P1 = {RATE: 0.034875895633392565, DECAY: 1e-5}
P2 = {RATE: 0.007986719995840757, DECAY: 1e-6}
P3 = {RATE: 0.012913581489067944, DECAY: 1e-5}
P3_TENFOLD = P3 | {DECAY: 1e-4}
RATES = "one of 0.0316, 0.0139 and 0.00654"
DECAYS = "one of 1.55e-4, 1.06e-6 and 6.43e-4"
SLOW, UNSTABLE = "barely moves (loss curves)", "unstable (loss curves)"
DROPS = "a fifth layer drops it slightly"

Figure = tuple[dict[str, object] | str, str, float | str]
"""Of which point, or of which stage; the measure; what was published, a figure or words."""


def of_widths(figures: dict[tuple[int, ...], float]) -> list[Figure]:
    """Test accuracies of networks with these widths."""
    return [
        ({f"width_{layer}": width for layer, width in enumerate(widths, 1)}, TEST, value)
        for widths, value in figures.items()
    ]


# fmt: off
# Rows as the reports have them; formatted, the widths would take a line each.
FIGURES: dict[str, list[Figure]] = {
    "A1": [({"shuffle": False}, TEST, 36.5), ({"shuffle": True}, TEST, 36.5)],
    "A2": [
        ({"initialization": "normal"}, TEST, 36.46),
        ({"initialization": "xavier"}, TEST, 36.39),
    ],
    "A3": [({}, TEST, 38.09)],
    "A4": [
        ({DECAY: 0.0001, "batch_size": 64, RATE: 0.02}, TEST, 38.65),
        ({}, TEST, 38.65),
        ({}, DECAY, 0.0001),
        ({}, "batch_size", 64),
        ({}, RATE, 0.02),
    ],
    "A5": [({"loss": "hinge"}, TEST, 36.01)],
    "B1": [
        (WITHOUT, ENSEMBLE, 53.37),
        (WITH, ENSEMBLE, 49.71),
        (WITHOUT, VALIDATION, 53.78),
        (WITH, VALIDATION, 50.44),
    ],
    "B2": [
        (WITHOUT, ENSEMBLE, 45.92),
        (WITH, ENSEMBLE, 49.77),
        (WITHOUT, VALIDATION, 46.38),
        (WITH, VALIDATION, 49.16),
    ],
    "B3": [
        ("wide", DECAY, 2.8e-5),
        ("wide", VALIDATION, 50.17),
        ("middle", DECAY, 5.91e-4),
        ("middle", VALIDATION, 50.49),
        ("narrow", DECAY, 7.15e-4),
        ("narrow", VALIDATION, 50.81),
    ],
    "B4": [({}, ENSEMBLE, 50.37)],
    "B5": [
        ({"init_sigma": 1e-1} | WITHOUT, ENSEMBLE, 52.60),
        ({"init_sigma": 1e-1} | WITH, ENSEMBLE, 51.66),
        ({"init_sigma": 1e-3} | WITHOUT, ENSEMBLE, 10.00),
        ({"init_sigma": 1e-3} | WITH, ENSEMBLE, 50.63),
        ({"init_sigma": 1e-4} | WITHOUT, ENSEMBLE, 10.00),
        ({"init_sigma": 1e-4} | WITH, ENSEMBLE, 48.03),
    ],
    "C1": [({}, ENSEMBLE, 50.98)],
    "C2": [({"jitter": 0.1}, ENSEMBLE, 50.11), ({"jitter": 0.01}, ENSEMBLE, "about the same")],
    "C3": [({DECAY: 0.005}, ENSEMBLE, 52.57)],
    "C4": [({}, DECAY, 3.149e-3)],
    # With the published λ, and with that which our own search finds.
    "C5": [({DECAY: 3.149e-3}, ENSEMBLE, 52.43), ({}, ENSEMBLE, 52.43)],
    "D1": [(WITH, TEST, "a huge increase (curves)")],
    # Of the search, and of the published pair on fewer images.
    "D2": [
        ({}, RATE, 0.0864),
        ({}, DECAY, 1.8245e-4),
        *2 * [({}, "training_accuracy", 62.68)],
        *2 * [({}, TEST, 45.02)],
    ],
    "D3": [
        ({RATE: 0.001} | WITHOUT, TEST, SLOW),
        ({RATE: 0.001} | WITH, TEST, SLOW),
        ({RATE: 0.2} | WITHOUT, TEST, UNSTABLE),
        ({RATE: 0.2} | WITH, TEST, UNSTABLE),
    ],
    "E1": [(P1, TEST, 43.34), (P2, TEST, 39.23), (P3, TEST, 43.83)],
    "E2": [
        (pair | {"jitter": share}, TEST, value)
        for share in (0.1, 0.01)
        for pair, value in ((P1, 49.67), (P2, 51.25), (P3, 44.31))
    ],
    "E3": of_widths(
        {
            (85, 35): 52.43, (95, 45): 52.36, (80, 40): 52.25, (95, 40): 51.94, (90, 40): 51.90,
            (70, 40): 51.89, (75, 45): 51.86, (80, 45): 51.83, (65, 40): 51.79, (90, 45): 51.76,
            (75, 40): 51.70, (60, 35): 51.55, (70, 45): 51.50, (90, 35): 51.50, (80, 35): 51.42,
            (65, 35): 51.41, (55, 45): 51.38, (85, 40): 51.30, (95, 35): 51.29, (75, 35): 51.14,
            (70, 35): 51.11, (55, 35): 51.00,
        }
    ),
    "E4": [
        *of_widths(
            {
                (95, 90, 75): 52.54, (95, 45, 40): 52.17, (75, 65, 55): 51.91,
                (100, 60, 45): 51.90, (80, 40, 20): 51.54, (85, 35, 25): 51.36,
            }
        ),
        ({}, TEST, 52.54),
        ({}, "width_1", 95),
        ({}, "width_2", 90),
        ({}, "width_3", 75),
        *(({"width_4": width}, TEST, DROPS) for width in (20, 35, 50, 65)),
    ],
    "E5": 3 * [("boxes", RATE, RATES), ("boxes", DECAY, DECAYS)],
    "E6": [
        ({RATE: 0.03159661490765174, DECAY: 0.00015494946823958237}, TEST, 50.86),
        ({RATE: 0.013917284924906376, DECAY: 1.0632777281477375e-6}, TEST, 50.69),
        ({RATE: 0.006537886088207429, DECAY: 0.0006432091840869645}, TEST, 50.86),
    ],
    "E7": [(P1, TEST, 48.33), (P2, TEST, 47.43), (P3_TENFOLD, TEST, 42.32)],
    "E8": [(P1, TEST, 48.39), (P2, TEST, 43.35), (P3_TENFOLD, TEST, 47.79)],
}
# fmt: on

B0 = {"weights": 5.0e-4, "bias": 6.5e-6, "gamma": 4.9e-4, "beta": 3.5e-4}
D0 = {"weights": 1.4e-6, "bias": 2.7e-7}
C3 = dict.fromkeys(("weights", "bias", "gamma", "beta"), 1.2e-5)
CHECKS = [
    ("B0", (50,), "before", 10, 3, 0.0, "forward", B0),
    ("B0", (50,), "before", 10, 10, 0.005, "forward", B0),
    ("B0", (50, 50), "before", 1000, 10, 0.005, "forward", B0),
    ("B0", (50, 50), "before", None, 100, 0.005, "forward", B0),
    ("C3", (50, 50), "after", None, 10, 0.005, "central", C3),
    *(("D0", (50,), "none", None, rows, 0.0, "central", D0) for rows in (10, 20, 30)),
]
"""Of each check the layers, where batch normalisation stands, inputs, batch, λ and difference."""
