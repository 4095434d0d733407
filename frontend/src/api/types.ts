/** The shapes of the API under the names the client uses. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type User = Schemas["UserOut"];
export type MePatch = Schemas["MePatch"];
export type SignupState = Schemas["SignupState"];
export type Tokens = Schemas["TokenResponse"];
export type Session = Schemas["SessionOut"];
export type Conversation = Schemas["ConversationOut"];
export type ConversationPatch = Schemas["ConversationPatch"];
export type Message = Schemas["MessageOut"];
export type Call = Schemas["CallOut"];
/** A part of a message that is not text only. */
export type Part = Schemas["PartOut"];
/** A page that an answer refers to, where the text says so. */
export type Annotation = Schemas["AnnotationOut"];
/** Why nothing comes of an answer at the moment. */
export type Waiting = Schemas["Waiting"];
export type Turn = Schemas["TurnOut"];
export type Response = Schemas["ResponseResource"];
export type Model = Schemas["ModelOut"];
export type ModelList = Schemas["ModelList"];
export type Key = Schemas["KeyOut"];
export type KeyCreated = Schemas["KeyCreated"];
export type Invitation = Schemas["InvitationOut"];
export type InvitationCreated = Schemas["InvitationCreated"];
export type ResetLinkCreated = Schemas["ResetLinkCreated"];
export type SearchPage = Schemas["SearchPage"];
export type SearchResult = Schemas["SearchResult"];
export type Highlight = Schemas["Highlight"];
export type ImportLine = Schemas["ImportLine"];
export type ImportSummary = Schemas["ImportSummary"];

/** One page of a list. */
export interface List<T> {
  data: T[];
  has_more: boolean;
  first_id?: string | null;
  last_id?: string | null;
  /** Where the next page begins, whatever has moved since. */
  next_cursor?: string | null;
}
