"""What a resource is: its fields and their kinds, the columns every table has, and how a record is checked. Pure."""
