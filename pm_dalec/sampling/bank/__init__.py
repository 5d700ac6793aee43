"""A draw bank: draws of pilots that other units take over, with exact weights and moves of their own."""

from typing import TYPE_CHECKING

from pm_dalec._faces import face

if TYPE_CHECKING:
    from pm_dalec.sampling.bank.bank_file import (
        DrawBank as DrawBank,
        load_bank as load_bank,
        save_bank as save_bank,
    )
    from pm_dalec.sampling.bank.making import make_bank as make_bank
    from pm_dalec.sampling.bank.pooling import pool_banks as pool_banks
else:
    __getattr__, __dir__, __all__ = face(__name__)
