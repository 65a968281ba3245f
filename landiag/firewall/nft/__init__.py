"""nf_tables: the JSON and the text of nft lowered to the model of rulesets."""
