"""Languages as the UMLS names them."""

LANGUAGES = {
    **{"ARA": "ar", "BAQ": "eu", "CHI": "zh", "CZE": "cs", "DAN": "da", "DUT": "nl", "ENG": "en", "EST": "et"},
    **{"FIN": "fi", "FRE": "fr", "GER": "de", "GRE": "el", "HEB": "he", "HUN": "hu", "ITA": "it", "JPN": "ja"},
    **{"KOR": "ko", "LAV": "lv", "NOR": "no", "POL": "pl", "POR": "pt", "RUS": "ru", "SCR": "hr", "SPA": "es"},
    **{"SWE": "sv", "TUR": "tr", "UKR": "uk"},
}
"""Three letters to the two that names carry here."""
