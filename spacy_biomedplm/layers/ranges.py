"""Numbers in configs that can only be in a range."""

from spacy_biomedplm.errors import BiomedplmError, coded


def check_range(key: str, value: float, possible: bool, wanted: str) -> None:
    """Make sure that a number can be.

    key (str): Name in the config. value (float): The number. possible (bool): Whether it can be.
    wanted (str): What can be, for the message.
    RAISES (BiomedplmError): B005 if it cannot.
    """
    if not possible:
        raise BiomedplmError(coded("B005", key=key, value=value, wanted=wanted))


def check_head(*, hidden_width: int, lr_scale: float, average_decay: float, encoder_scale: float = 1.0) -> None:
    """Make sure that the numbers that all heads have can be.

    hidden_width (int), lr_scale (float), average_decay (float), encoder_scale (float): As in the config.
    RAISES (BiomedplmError): B005 for one that cannot.
    """
    check_range("hidden_width", hidden_width, hidden_width >= 1, "1 or more")
    check_range("lr_scale", lr_scale, lr_scale > 0, "above 0")
    check_range("average_decay", average_decay, 0 <= average_decay < 1, "a number from 0 to below 1")
    check_range("encoder_scale", encoder_scale, encoder_scale >= 0, "0 or more")
