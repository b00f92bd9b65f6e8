// What other people's libraries say of cards: a list of {spec, card} on the standard input, a list of
// complaints on the standard output.
import { readFileSync } from "node:fs";
import { CCardLib } from "@risuai/ccardlib";
import { v2 } from "character-card-utils";

const complaints = [];
for (const { spec, card } of JSON.parse(readFileSync(0, "utf8"))) {
  const version = CCardLib.character.check(card);
  if (version !== spec) complaints.push(`${version} instead of ${spec}: ${card.data?.name}`);
  if (spec === "v2") {
    const parsed = v2.safeParse(card);
    if (!parsed.success) complaints.push(`${card.data?.name}: ${parsed.error.message}`);
  }
  const other = spec === "v2" ? "v3" : "v2";
  const converted = CCardLib.character.convert(structuredClone(card), { from: spec, to: other });
  if (converted.data.description !== card.data.description) complaints.push("converted otherwise");
}
console.log(JSON.stringify(complaints));
