"""What the API server makes of pod templates: asked once for all graphs that use one, kept, and corrected by real pods."""
