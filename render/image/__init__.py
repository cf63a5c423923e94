"""Images made of splats: what a pixel shows (`reference`), who draws it, and how one is fitted."""
