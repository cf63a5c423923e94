"""One HTML page of all failed goldens, self-contained, with a slider between the two pictures."""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path

_PAGE = """<!doctype html><meta charset="utf-8"><title>Screenshot differences</title>
<style>
:root {{ color-scheme:dark }}
body {{ background:#14161a; color:#d7dae0; font:15px/1.5 system-ui,sans-serif; margin:32px auto;
       max-width:1240px; padding:0 24px }}
h1 {{ font-weight:600; font-size:22px }} h2 {{ font-size:17px; margin:40px 0 4px }}
p {{ color:#e09a8b; margin:0 0 12px }}
.pair {{ position:relative; display:inline-block; line-height:0 }}
.pair img {{ image-rendering:pixelated; width:640px; background:#444 }}
.pair .top {{ position:absolute; inset:0; clip-path:inset(0 50% 0 0) }}
.pair i {{ position:absolute; inset:0 auto 0 50%; border-left:1px solid #fffa }}
input {{ width:640px; display:block; margin:8px 0; accent-color:#7fb4e6 }}
.row {{ display:grid; grid-template-columns:repeat(4,1fr); gap:16px }} figure {{ margin:8px 0 }}
figure img {{ display:block; width:100%; image-rendering:pixelated; background:#444 }}
figcaption {{ color:#8b919c; font-size:13px }}
</style>
<h1>{count} screenshot{s} differ{v} from the golden</h1>
{cases}
<script>
for (const box of document.querySelectorAll('.case')) {{
  const slider = box.querySelector('input');
  if (slider) slider.oninput = () => {{
    box.querySelector('.top').style.clipPath = `inset(0 ${{100 - slider.value}}% 0 0)`;
    box.querySelector('.pair i').style.left = `${{slider.value}}%`;
  }};
}}
</script>
"""


def write_report(folder: Path) -> Path | None:
    """Writes `folder/index.html` from the failures that `GoldenStore` left there.

    Returns its path, None when there are no failures.
    """
    cases = sorted(p.parent for p in folder.rglob("verdict.json"))
    if not cases:
        return None
    page = folder / "index.html"
    one = len(cases) == 1
    page.write_text(
        _PAGE.format(
            count=len(cases),
            s="" if one else "s",
            v="s" if one else "",
            cases="\n".join(_case(c, c.relative_to(folder).as_posix()) for c in cases),
        )
    )
    return page


def _case(folder: Path, title: str) -> str:
    reason = json.loads((folder / "verdict.json").read_text())["reason"]
    parts = [f'<div class="case"><h2>{html.escape(title)}</h2><p>{html.escape(reason)}</p>']
    if (folder / "expected.png").exists():
        parts.append(
            f'<div class="pair"><img src="{_data(folder / "actual.png")}">'
            f'<img class="top" src="{_data(folder / "expected.png")}"><i></i></div>'
            '<input type="range" value="50"><figcaption>expected on the left of the divider, '
            "actual on the right</figcaption>"
        )
    parts.append('<div class="row">')
    for name in ("expected", "actual", "difference", "flip"):
        path = folder / f"{name}.png"
        if path.exists():
            label = {"difference": "difference x 16", "flip": "FLIP"}.get(name, name)
            parts.append(
                f'<figure><img src="{_data(path)}"><figcaption>{label}</figcaption></figure>'
            )
    parts.append("</div></div>")
    return "".join(parts)


def _data(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
