"""The cards that we export, as other people's libraries read them."""

import json
import random
import shutil
import subprocess

from tests.clients.conftest import TOOLS, VENV
from tests.harness.cards import make_card
from tests.harness.program import ROOT

HERE = ROOT / "tests" / "clients"


def test_exports_are_cards_to_others(new_deployment, tmp_path):
    client = new_deployment.client("cards")
    chance, cards = random.Random(20261126), []
    for number in range(60):
        card = make_card(chance, chance.choice([1, 2, 3]), f"Card {number}")
        made = client.post("/api/personas/import", card).expect(201)["persona"]["personaId"]
        for spec in ("v2", "v3"):
            exported = client.get(f"/api/personas/{made}/export?spec={spec}").expect(200)
            cards.append({"spec": spec, "card": exported})
    shutil.copy(HERE / "cards.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(TOOLS / "node_modules")
    judged = subprocess.run([VENV / "node", tmp_path / "cards.mjs"], input=json.dumps(cards),
                            capture_output=True, text=True, check=True)
    assert json.loads(judged.stdout) == []
