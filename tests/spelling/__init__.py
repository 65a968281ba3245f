"""Every sentence that people read, and the spell checker that reads them first."""
