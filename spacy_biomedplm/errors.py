"""Every message the package raises or warns with, each under a code that is never reused.

A message says what was found, what was wanted and how to repair it. Codes: B0xx common, B1xx encoder,
B2xx entity recognition, B4xx corpora, B5xx training, B6xx command line and files; W001 and up warnings.
"""


class BiomedplmError(ValueError):
    """A mistake in the input, the config or a resource that the user can repair."""


class Errors:
    """Texts of errors; fill with ``str.format``."""

    B001 = (
        "No vectors for document {index} ('{text}…'): the component '{component}' found none from its encoder. "
        "Put the encoder's pipe before '{component}' and do not disable it, or call nlp.replace_listeners first."
    )

    B101 = (
        "There is no encoder '{name}': looked for {looked}. Give a folder that holds config.json, a tokenizer and "
        "*.safetensors; or, with network access, a name on the Hugging Face hub such as "
        "'dmis-lab/biobert-base-cased-v1.1'; unset HF_HUB_OFFLINE if it is set."
    )
    B102 = (
        "The encoder '{name}' cannot be read from '{folder}': {reason}. A file is missing or damaged; fetch the "
        "model again."
    )
    B103 = (
        "The weights of '{name}' do not fit its config.json: {count} are missing or of another shape, among them "
        "{examples}. Fetch config.json and weights of the same model."
    )
    B104 = "The installed transformers does not know models of type '{model_type}'. Install a newer transformers."
    B105 = (
        "There are no *.safetensors in '{folder}'. Pickled weights (*.bin, *.pt) can run code and are not opened; "
        "where you trust them, load the model once with AutoModel.from_pretrained and AutoTokenizer.from_pretrained, "
        "save both with save_pretrained into a folder of your own, and name that folder."
    )
    B106 = (
        "The tokenizer in '{folder}' has no fast version, and only that gives character offsets. "
        "Add a tokenizer.json to the folder."
    )
    B107 = "The encoder has {n_layers} layers; layer = {layer} is not one of them. Use -1, 0 to {n_layers}, or 'mix'."
    B108 = (
        "The encoder '{name}' has vectors of width {found}, the config says width = {wanted}. Set width = {found} "
        "in the encoder and in every listener."
    )
    B109 = (
        "window = {window} pieces (overlap = {overlap}) is not possible with '{name}', which reads at most {longest} "
        "pieces of which {special} are special. Use a window from {least} to {longest}, or null."
    )

    B110 = (
        "The tokenizer of '{name}' has a piece with the id {found}, the embeddings of the model end at {wanted}. "
        "Fetch the tokenizer and the weights of the same model."
    )
    B111 = (
        "The stored encoder reads layer {found}, the config says layer = {wanted}. Load the pipeline with "
        "layer = {found}, or train with the other layer."
    )

    B201 = "There is no guideline '{guideline}' in this model. It knows: {known}."
    B202 = (
        "No labels for '{component}': no example says what it is annotated for. Set doc._.annotated = "
        "{{'ner': {{'my-guideline': ['LABEL', …]}}}} on the training documents, or give them entities, or pass labels."
    )
    B203 = (
        "The label '{label}' is not one of guideline '{guideline}', which has: {known}. Correct the document, or add "
        "the label in [initialize.components.ner.labels]."
    )
    B204 = (
        "harmonisation: the source '{source}' of '{label}' is not 'guideline/label', or its guideline has no such "
        "label. The model knows: {known}."
    )
    B205 = (
        "'{component}' computed scores that are not finite numbers: the weights of the pipeline are damaged, or its "
        "training diverged. Install the pipeline anew, or train with a lower learning rate."
    )

    # B22x: relations
    B221 = "{setting} is {found}, wanted {wanted}. Correct it in the config of the component."
    B222 = "schemes.{scheme}: {key} = {value} cannot be, wanted {wanted}. Correct it in the config of the component."
    B223 = (
        "Document '{doc}' has a relation '{label}', but was annotated by guideline '{guideline}' for: {known}. Correct "
        "doc._.annotated or the relation, or add the label to schemes.{guideline}.labels."
    )
    B224 = (
        "'{component}' reads every pair by itself (execution = 'per_pair'), but its encoder is a listener, which knows "
        "whole documents only. Give [components.{component}.model.tok2vec] an encoder of its own, such as "
        "spacy-biomedplm.PlmEncoder.v1, or set execution = 'shared'."
    )
    B225 = (
        "'{component}' marks the ends of pairs (markers = '{markers}'), but its encoder is a listener, whose documents "
        "are read without marks. Give [components.{component}.model.tok2vec] an encoder of its own, such as "
        "spacy-biomedplm.PlmEncoder.v1, or set markers = 'none'."
    )
    B226 = (
        "No relations for '{component}': no example has one, or says what it is annotated for. Set doc._.relations, "
        "and doc._.annotated = {{'relations': {{'my-guideline': ['LABEL', …]}}}}, on the training documents."
    )
    B227 = "There is no guideline '{guideline}' of relations in this model. It knows: {known}."

    # B23x: events
    B231 = (
        "No events for '{component}': no example has one, or says what it is annotated for. Set doc._.events, and "
        "doc._.annotated = {{'events': {{'my-guideline': ['Type', …]}}}}, on the training documents."
    )
    B232 = "There is no guideline '{guideline}' of events in '{component}'. It knows: {known}."

    B401 = "There is no file or folder '{path}'. Check the name, or point to where the corpus lies."
    B402 = (
        "'{path}', line {line}: byte {byte} is not UTF-8. Convert the file first: {how}. No other encoding is guessed, "
        "not even to repair, since bytes cannot tell them apart."
    )
    B403 = (
        "'{path}'{where} cannot be read: {reason}. It is damaged, half-written or not what its name says; fetch it "
        "again."
    )
    B404 = (
        "'{path}', line {line}: the label '{label}' is not one of the corpus '{corpus}'. Known: {known}. Add it to "
        "the labels, or to the label map with null if it is to be left out."
    )
    B405 = "'{path}', line {line}, document {doc_id}: {detail}. Repair the file."
    B406 = (
        "'{path}', line {line}: neither a text ('ID|t|title') nor a mention (identifier, first character, character "
        "after the last, text, label, and perhaps a concept, separated by tabs): {columns} columns, '{found}'. "
        "The file may be half-written."
    )
    B407 = (
        "'{path}', line {line}: a line of document '{found}' stands among those of document '{wanted}'. Every "
        "document needs its own title line and an empty line after its mentions."
    )
    B408 = "'{path}' holds no document: wanted {wanted}. It is empty, half-written or of another format."
    B409 = (
        "'{path}', line {line}: {columns} columns, wanted {wanted} (word first, tag last): '{found}'. Repair the "
        "line; the file may be half-written."
    )
    B410 = (
        "'{path}', line {line}: '{tag}' is no tag; wanted O, or one of B I E S L U M with or without a type, such as "
        "'B-Gene'. The last column must be the tag."
    )
    B411 = "'{path}': '{name}' has no partner '{missing}'. A standoff document needs a text and an annotation file."
    B412 = (
        "'{path}', line {line}: not a text-bound annotation (T1, a tab, label, first character and the one after the "
        "last, a tab, text): '{found}'. The file may be half-written."
    )
    B413 = (
        "'{path}', line {line}: {columns} columns, wanted {wanted}, with whole numbers for offsets: '{found}'. "
        "Repair the row; the file may be half-written."
    )
    B414 = (
        "There is no corpus '{name}' in the catalogue. Names like it: {known}. `biomedplm corpora list` shows all "
        "of them."
    )
    B415 = "The corpus '{name}' has no split '{split}'. It has: {known}."
    B416 = (
        "The corpora folder is not known: pass one, or set the environment variable {variable} to the folder that "
        "holds one folder for each corpus ('bc5cdr', 'ncbi-disease' …)."
    )
    B417 = (
        "'{path}' was looked for (split '{split}' of the corpus '{name}', in the corpora folder '{root}') and is not "
        "there. Get the corpus ({source}) and put its files into '{root}/{folder}', or set {variable} to another "
        "folder."
    )
    B418 = (
        "The terms of the corpus '{name}' ({licence}) forbid commercial use. Pass allow_noncommercial=True "
        "(--allow-noncommercial) if your use is not commercial; keep models trained on it apart."
    )
    B419 = (
        "'{path}' is not XML as the DDI and PPI corpora have it: {reason}. Wanted <document>, alone or in <corpus>, "
        "with <sentence text=…> and <entity charOffset=… type=…>, and no document type declaration."
    )
    B420 = (
        "No reader takes the files of the corpus '{name}' ('{path}'). `biomedplm corpora info {name}` says what "
        "they are; "
        "read them with a program of your own, or convert them to .jsonl."
    )
    B421 = "Nothing to count. Name corpora of the catalogue, or give --all for every one that is here."
    B422 = "'{path}' is not a record of the catalogue: {reason}. Repair it; docs/corpora.md says what a record holds."
    B425 = (
        "'{path}', line {line}: {columns} columns, wanted {wanted} ({names}): '{found}'. Repair the row, or give the "
        "reader the right columns and delimiter."
    )
    B426 = "'{path}' has no column '{name}'; it has: {known}. Name the columns that are meant in the reader's options."
    B427 = (
        "'{path}', line {line}, document {doc_id}: {found}, wanted {wanted}. Repair the row, or the reader's options."
    )
    B428 = "'{path}', line {line}: this is not {wanted} ({reason}). It is damaged, half-written or of another format."
    B429 = "'{option}' = {value} is not possible for this reader, wanted {wanted}. Correct the options."
    B430 = (
        "'{path}', line {line}, document {doc_id}: {id} lies at {found}, the text has {size} characters. Repair the "
        "offsets; they count characters from 0, and the end is the character after the last."
    )
    B488 = (
        "'{path}': the document {doc_id} is there twice, with the same text and other annotations. Join them, or give "
        "one of them another identifier."
    )
    B489 = "'{path}', line {line}: several columns have the name {names}. Give each its own."
    B431 = (
        "'{path}', line {line}, document {doc_id}: the identifier {id} is there twice. Every mention, relation and "
        "event of a document needs one of its own."
    )
    B432 = (
        "'{path}', document {doc_id}: the text holds {found}, half of a surrogate pair, which no encoding can write. "
        "Repair the text where it was made."
    )
    B433 = "Events are arguments of each other in a circle: {events}. Take one of these arguments out."
    B445 = (
        "'{path}', line {line}, document {doc_id}: events are arguments of each other in a circle: {events}. Take one "
        "of these arguments out."
    )
    B446 = (
        "'{path}', line {line}: carriage returns without line feeds end lines there. Convert the file: "
        "`tr '\\r' '\\n' < FILE`."
    )
    B434 = (
        "'{path}', line {line}, document {doc_id}: {id} refers to {target}, which is not in the document. Repair the "
        "reference, or add what is missing."
    )
    B435 = "'{path}' is not read: {reason}. Put a plain file in its place, or take it out."
    B436 = "'{path}' is one file; wanted a folder of files, or an archive of them ({wanted}). Name its folder."
    B437 = (
        "'{path}' unpacks to {found:,} bytes and more, out of {packed:,}: that is no text but made to exhaust memory, "
        "and it is refused. If you trust it, unpack it yourself."
    )
    B438 = "'{path}': no document could be read; left out or broken: {count}. The first: {first}"
    B439 = "'{path}' is an archive; wanted one file. Unpack it, and name the file."
    B460 = (
        "'{path}', line {line}: not valid JSON ({reason}). Wanted: {wanted}. Repair it or take it out; the file may be "
        "half-written."
    )
    B461 = "'{path}', line {line}, document {doc_id}: {field} is {found}, wanted {wanted}. Repair the file."
    B462 = (
        "'{path}', line {line}: schema {found}, this version reads schema {known}. Install a newer version of the "
        "package, or write the file again with this one."
    )
    B463 = (
        "'{path}' is not a DocBin that can be read ({reason}). Write it again with "
        "DocBin(store_user_data=True).to_disk()."
    )
    B464 = (
        "'{path}', line {line}: the word '{word}' holds a space. A word is what stands between spaces: divide it into "
        "{count} lines."
    )
    B465 = (
        "'{path}', line {line}, document {doc_id}: {detail}. The text is made of the passages, so their offsets and "
        "texts must fit each other. Repair the passage."
    )
    B470 = (
        "'{path}' is not a Knowtator file: {reason}. Wanted <annotations textSource=…> with <annotation> and "
        "<classMention>, or <knowtator-project> with <document> and <annotation>, and no document type declaration."
    )
    B471 = "'{path}', line {line}: not of the form {wanted}: '{found}'. Repair the line; the file may be half-written."
    B472 = (
        "'{path}', line {line}, document {doc_id}: the text has no place {found}. Repair the place: line and "
        "token of the first token, line and token of the last one; lines count from 1, tokens from 0."
    )
    B473 = (
        "'{path}', line {line}, document {doc_id}: no concept of the document lies at {found}. Add it to the .con "
        "file, or take the line out."
    )
    B474 = (
        "'{path}' is not an XML file of i2b2 or n2c2: {reason}. Wanted <TEXT> and <TAGS> in one element, and no "
        "document type declaration."
    )
    B475 = (
        "'{path}', document {doc_id}: the annotation {id} has no {missing}. Repair the file; offsets are whole "
        "numbers, "
        "and every <mention id=…> has its <classMention id=…>."
    )
    B476 = (
        "'{path}', document {doc_id}: {found} labels for {wanted} tokens; wanted one whole number for each line of "
        "{doc_id}.tokens. The file may be half-written, or of other tokens."
    )
    B477 = (
        "'{path}', document {doc_id}: token {number}, '{found}', is not in the text where it should be. Repair "
        "PMID.tokens or PMID.text."
    )
    B478 = "'{path}', line {line}, document {doc_id}: {found} is no label of '{layer}', which has 0 to {last}."
    B480 = "'{path}', line {line}: not well-formed XML ({reason}). The file is half-written or damaged: get it again."
    B481 = (
        "'{path}', line {line}: the XML defines or fetches entities ('{entity}'), which can exhaust memory or read "
        "other files; it is refused. Replace the entities in the text by what they stand for, and remove <!ENTITY …>."
    )
    B482 = "'{path}' begins with <{found}>, wanted {wanted}. It is of another format."
    B483 = "'{path}', line {line}, document {doc_id}: {found}, wanted {wanted}. Repair the element."
    B484 = (
        "'{path}', line {line}, document {doc_id}: the arguments of a relation are '{found}', wanted two such as "
        "'Arg1:T1' and 'Arg2:T2'. Repair the row."
    )
    B485 = "'{path}', line {line}: '{found}' is not {wanted}. Repair the line, or take it out."
    B440 = (
        "'{path}', line {line}: not {wanted}: '{found}'. Repair the line, or take it out; the file may be half-written."
    )
    B441 = (
        "'{path}': '{name}' has a .a2 and a .rel file; both number what they add from the same T on. Keep them in "
        "folders of their own, each with the .txt and the .a1."
    )
    B442 = (
        "'{path}', line {line}, document {doc_id}: {id} refers to {target}, wanted the identifier of {wanted}. Repair "
        "the reference, or take the line out."
    )
    B443 = (
        "'{path}' is a file, or a folder with something in it; it is left as it is. Name a folder that is empty or not "
        "there."
    )
    B444 = (
        "Document '{doc_id}' cannot have a file of its own: {reason}. Every document needs an identifier "
        "that makes a file name which no other has; change it in the source."
    )
    B450 = (
        "'{path}', line {line}: not well-formed {format} ({reason}). The file is half-written or damaged: get it again."
    )
    B451 = (
        "'{path}', line {line}: {reason}, which can exhaust memory or read other "
        "files; it is refused. BioC has none: remove the <!ENTITY …> declarations."
    )
    B452 = (
        "'{path}' begins with {found}, wanted {wanted}, as BioC does. Name the format that the file has, or get it "
        "again."
    )
    B453 = "'{path}', line {line}, document {doc_id}: {what} {reason}. Repair the file."
    B454 = (
        "'{path}', line {line}, document {doc_id}: a {what} begins at {found}, before the end of the one before it at "
        "{wanted}. Repair the offsets."
    )
    B455 = (
        "'{path}', line {line}, document {doc_id}: the offsets in the passage at {start} count {unit}, not characters. "
        "Write the file anew with characters counted."
    )
    B456 = (
        "'{path}', line {line}, document {doc_id}: the infon '{key}' does not hold what spacy-biomedplm writes there. "
        "Remove it; what it tells beyond BioC itself is lost."
    )
    B486 = (
        "'{path}', line {line}: none of the files of the corpus '{name}' holds the document '{doc_id}' that this list "
        "names. Get the list and the files of one version."
    )
    B487 = (
        "The files of the corpus '{name}' (split '{split}') have {found} broken items, its record counts {known}: they "
        'are damaged or another version. Get them again, or read them with errors = "repair" or "skip". Among '
        "them: {problems}"
    )
    B490 = (
        "'{url}' cannot be reached ({reason}). Check the network and proxy settings, or put the files into the "
        "folder of "
        "corpora by hand; what has arrived is kept, and the same command goes on from there."
    )
    B491 = (
        "'{path}' is not the file that the record of '{name}' describes: SHA-256 of the content {found}, wanted "
        "{wanted}. "
        "It is damaged or another version: move it away and fetch it again, or get that version."
    )
    B492 = (
        "The corpus '{name}' needs an agreement and cannot be downloaded by this command; missing: {files}. {how} "
        "See {source}. Then put the files into '{folder}'."
    )
    B493 = (
        "The corpus '{name}' cannot be downloaded by this command; missing: {files}. See {source}. {how} Put the files "
        "into '{folder}'."
    )
    B494 = (
        "'{url}' leads to '{found}': only http and https are followed, and never from one to the other. Download "
        "the file "
        "by hand if you trust the address."
    )
    B495 = "'{url}': the server answers {status} ({reason}). The file may have moved: see the source of the corpus."
    B496 = (
        "'{url}' broke off after {found} of {wanted} bytes. Run the same command again: it goes on from there if the "
        "server can."
    )
    B497 = "'{url}' holds no file in '{folder}' that belongs to the corpus '{name}'. Upstream may have moved it."
    B498 = "'{path}' cannot be written ({reason}). Check the disk and the permissions, or give another --to."
    B499 = "No corpus of the catalogue has the {option} '{value}'. Known: {known}."
    B002 = (
        "The model has no weights yet. Load a trained pipeline with spacy.load, or call nlp.initialize() to start "
        "from the encoder that the config names."
    )
    B003 = "The stored model is damaged ({reason}). Install or download the pipeline again."
    B005 = "{key} = {value} is not possible, wanted {wanted}. Correct the config."
    B004 = (
        "The stored weights do not fit the config: {count} differ, among them {examples}. "
        "Load the pipeline with the config it was saved with."
    )
    B502 = "The folder '{folder}' holds no *.spacy file. Run the project's `prepare` command first."
    B503 = "weights names the corpus '{name}', which is not in the folder. There are: {known}."
    B504 = "The checkpoint '{file}' cannot be read ({reason}). Remove it to start the training from the beginning."
    B507 = (
        "The checkpoint in '{folder}' was made with another config; these sections differ: {sections}. Train with the "
        "config it was made with, or remove the checkpoint to begin anew."
    )
    B501 = (
        "The checkpoint holds {found} weights, the model has {wanted}; {different} are missing in one of them or have "
        "another shape: it was made by another config. Remove the checkpoint folder, or train with the config it was "
        "made with."
    )
    B505 = (
        "The pipe '{name}' has weights that a checkpoint does not cover: only those of this package's encoder and "
        "heads are kept. Set [training.before_update] to null, or freeze '{name}'."
    )
    B506 = "'{file}' is not a DocBin that can be read ({reason}). Run the project's `prepare` command again."
    # Pre-training
    B510 = "There is no word in the {documents} documents that a vocabulary was to be made from. Give files with text."
    B511 = (
        "A vocabulary of {wanted} entries cannot hold the {found} or more that it begins with: special pieces, and "
        "the characters of the text. Use a larger size."
    )
    B512 = (
        "The tokenizer of '{name}' has {found} entries, the embeddings of the model have {wanted} rows. Fetch the "
        "tokenizer and the weights of the same model."
    )
    B513 = "The folder '{path}' exists and is left as it is. Give another one, or remove it first."
    B514 = (
        "The vocabulary of '{name}' is of the kind {found}; WordPiece and BPE can be extended. Use a model with one of "
        "these, or train a vocabulary of your own (`biomedplm vocab train`)."
    )
    B515 = (
        "No word is written in several pieces and occurs in {least} of the {documents} documents: there is nothing to "
        "add. Give more text, or a lower number of documents."
    )
    B516 = (
        "Word vectors need {wanted} frequent words that are whole entries of the vocabulary already, found {found}. "
        "Give more text, or start new rows from their pieces."
    )
    B517 = "{option} = {value} is not possible, wanted {wanted}."
    B518 = (
        "config.json of '{name}' names the architecture {found}, which the installed transformers does not have. "
        "Install a newer transformers."
    )
    B519 = (
        "The tokenizer of '{name}' has no piece for characters that it does not know ({piece}) and fails on them. Give "
        "one in its tokenizer.json that is in the vocabulary."
    )
    B520 = "'{path}' cannot be read as raw text: {suffixes}. Wanted is a file, or a folder that holds some."
    B521 = "'{path}', line {line}, cannot be read as a document: {reason}. Mend the line or take it out."
    B522 = "'{path}' is a damaged or truncated .gz ({reason}). Make it anew."
    B523 = (
        "There is no text to learn from for '{folder}': the files are empty, or all documents were held back. Check "
        "paths, exclusion lists and the share of the validation."
    )
    B524 = "'{path}' cannot be written ({reason}). What was written before is as it was; make room and start again."
    B525 = "The cut corpus in '{folder}' is damaged ({reason}). Remove the folder; it is made again from the text."
    B526 = "The config '{path}' cannot be read ({reason}). Wanted is a TOML file."
    B527 = "The config '{path}' is wrong: {reason}."
    B528 = "The checkpoint '{file}' cannot be read ({reason}). Remove it to start from the beginning."
    B529 = (
        "The checkpoint '{file}' is of another run: {names}. Use the settings and data of that run, or another output "
        "folder."
    )
    B530 = "The vocabulary in '{folder}' has no piece for the role '{role}', which this objective needs."
    B531 = "[data] length is {found}, but the model reads {wanted} pieces at most. Lower the length."
    B532 = "'{path}' makes no model ({reason}). Wanted is a Hugging Face config.json with a known model_type."
    B533 = (
        "'{name}' lacks {count} weights of its encoder, such as {examples}. Config and weights are of different models."
    )
    B534 = "frozen names '{found}', but no parameter of the encoder begins so. They begin, for example: {names}."
    B535 = "Masked language modelling of models of type '{found}' is not known. Use another start."
    B536 = (
        "The corpus '{name}' holds {count} documents that are held out, such as {shown}; all are listed in '{path}'. "
        "Set "
        'excluded = "drop" to leave them out, or "keep" to learn from them all the same.'
    )
    B537 = "Several processes were started, but accelerate is not installed. Install 'accelerate', or start one."
    B538 = "There is no device '{found}' ({reason}). Wanted is 'auto', 'cpu' or a device that torch has."
    B539 = (
        "The loss of step {step} is not a number (samples {first} to {end}); {kept}. Lower the learning rate, or set "
        'precision = "fp32", and start anew or go on.'
    )
    B540 = "Models of type '{found}' cannot learn from pairs of segments: {reason}. Use another start or objective."
    B541 = (
        "Pairs of segments need {wanted}, but a part of a corpus has {documents} documents with {sentences} sentences "
        "in "
        "all. Add text; if that part is the validation, set [data] validation to 0 or to a larger share."
    )
    B542 = (
        "The generator '{name}' has embeddings of {found} (rows, width), the detector has {wanted}: they cannot share "
        "them. Name the generator that was trained with it, or none for a new one."
    )
    B543 = (
        "Models of type '{found}' as configured look at the pieces that they are to foretell. Use a decoder such as "
        "GPT-2, or set is_decoder in config.json."
    )
    B544 = (
        "The vocabulary in '{folder}' has {found} sentinels (<extra_id_0>, <extra_id_1> …), {wanted} are wanted for "
        "the "
        "spans of a sequence. Lower [data] length or share, or raise span."
    )
    B545 = "Detection of replaced pieces with models of type '{found}' is not known. Use another start."
    B547 = "'{path}' holds no table of names. Wanted is a file, or a folder with some that end in {suffixes} (or .gz)."
    B548 = (
        "'{path}', line {line}, cannot be read as names of a concept: {reason}. Wanted is a concept, a tab and a name, "
        "or "
        'in .jsonl {{"id": …, "names": […]}}.'
    )
    B549 = (
        "A part of a corpus has {concepts} concepts, none with two names: there are no synonyms to learn from. Give "
        "tables with several names for a concept; if that part is the validation, set [data] validation to 0 or higher."
    )
    B550 = (
        "Models of type '{found}' make no vector of a name: {reason}. Use an encoder as start, or, for a model that "
        'reads from left to right, pooling = "mean".'
    )
    B551 = (
        "'{path}' is no cut corpus ({found}), and is left as it is. Give the corpus another name, or [data] another "
        "cache."
    )
    B557 = (
        "The vocabulary knows nothing of the text for '{folder}': every piece is its piece for the unknown. Use a "
        "vocabulary of the text's script."
    )
    B558 = "The exclusion list '{path}' names nothing, so it keeps nothing out. Mend it, or take it out of 'exclude'."
    B559 = "'{path}' is there and was not written by a pre-training: it would be replaced. Give another --output."
    B552 = (
        "Encoders cannot be compared on '{task}': {reason}. Wanted is NER:CORPUS, with a corpus of `biomedplm corpora "
        "list --task ner`, or perplexity:FILE, with a file of raw text."
    )
    B553 = (
        "The probe of '{encoder}' on the corpus '{corpus}' diverged in step {step}: its loss is not a number. Lower "
        "the learning rate for all encoders, for example to 5e-5."
    )
    B554 = (
        "'{name}' holds no trained head that tells hidden words: {reason}. Train one with `biomedplm pretrain`; with "
        "the whole encoder in frozen, only the head learns."
    )
    B555 = (
        "No word of the {count} texts is measured on '{name}'. Give texts that hold words, or a larger share of them."
    )
    B556 = "'{path}' cannot keep finished measurements ({reason}). Give a folder that can be written and has room."

    B560 = "There is no knowledge base in '{folder}': kb.json is missing. Build one with `biomedplm kb build`."
    B561 = "'{path}' does not describe a knowledge base: {reason}. Build the base anew, or restore the folder."
    B562 = (
        "The knowledge base in '{folder}' has version {found}, this release reads version {wanted}. Build it anew from "
        "its sources."
    )
    B563 = "The file '{path}' of a knowledge base is damaged: {reason}. Restore the folder, or build the base anew."
    B564 = (
        "'{folder}' exists and is left as it is. Give another folder, or remove it (a folder that ends in .partial is "
        "what a build left that was killed)."
    )
    B565 = "The knowledge base '{folder}' cannot be written: {reason}. Free some space or give another folder."
    B566 = "There is no concept '{id}' in the knowledge base '{name}'. {hint}Look for it with `biomedplm kb search`."
    B567 = "'{path}' is not a config of a knowledge base: {reason}. docs/knowledge-base.md says what one holds."
    B568 = "There is no format of sources '{found}'. Known: {known}."
    B569 = "{path}, line {line}: {reason}. Wanted: {wanted}. Repair or remove the line."
    B570 = (
        "The knowledge base in '{folder}' is another one (digest {found}) than the one that was stored (digest "
        "{wanted}). Put the old one back, or make anew what was built on it."
    )
    B571 = "No name is left for the knowledge base '{name}'. Left out: {left_out}. Check the sources and the filters."
    B572 = "There is no {option} '{value}'. Known: {known}."
    B573 = "There are more than {wanted} {what}, which is the most a base holds. Check the column they come from."
    B574 = "'{folder}' has no {wanted}. {hint}"
    B575 = "There is no knowledge base '{name}'. Give its folder, or the name of one in the folder of bases: {where}."
    B576 = (
        "'{id}' is an exact match of several ids of {vocabulary} ({others}), or one of several ids that match the same "
        "one. Concepts stay apart and name each other as cross-references. Name a better mapping first to decide."
    )
    B577 = (
        "{where}'{id}' (source {source}) is no id. Wanted: one to 128 printable characters, no white space and no '|'. "
        "Repair the source."
    )
    B578 = (
        "{where}A name of '{id}' (source {source}) has {found}. Wanted: 1 to {wanted} characters. Repair the source, "
        "or leave the name out."
    )
    B579 = (
        "{where}A text of '{id}' ('{start}…') has control characters. Wanted: none. Repair the source, or have spaces "
        "for them."
    )
    B580 = "{path}, line {line}: {reason}. Wanted: {wanted}. Get the file anew, or give the source its own format."
    B581 = (
        "'{path}': the format of this source cannot be told from its name. Write FORMAT:PATH, with one of these "
        "formats: {known}."
    )
    B582 = (
        "{path}, line {line}: the XML defines or fetches entities ('{entity}'), which can exhaust memory or read other "
        "files; it is refused. Files of MeSH have none: remove the <!ENTITY …> declarations."
    )
    B583 = "Names of '{corpus}/{split}' were asked for. Wanted: a split that is learned from; tests stay unseen."
    B584 = "The filter '{name}' of a knowledge base is {found}, wanted {wanted}. Correct it."
    B590 = "There is no index in '{folder}': index.json is missing. Build it, or name the folder it lies in."
    B591 = "'{path}' is not the description of an index of kind '{kind}': {reason}. Build the index anew."
    B592 = (
        "The index in '{folder}' has version {found}, this release reads version {wanted}. Build it anew from the same "
        "knowledge base."
    )
    B593 = (
        "The index in '{folder}' was made from another knowledge base (digest {found}, this one has {wanted}). Open it "
        "with the base it was made from, or build it anew."
    )
    B594 = "The file '{path}' of an index is damaged: {reason}. Restore the folder, or build the index anew."
    B595 = "{setting} is {found}, wanted {wanted}. Correct it."
    B596 = "'{folder}' exists and is left as it is. Remove it, or give another folder for the index."
    B597 = (
        "The encoder '{encoder}' does not fit the index in '{folder}': {reason}. Open the index with the encoder it "
        "was built with, or build it anew."
    )
    B598 = "{what} needs the library '{library}'. Install it: pip install 'spacy-biomedplm[{extra}]'."
    B599 = "The index '{folder}' cannot be written: {reason}. Free some space or give another folder."
    B670 = "An index of kind '{kind}' holds at most {wanted} {what}, the knowledge base has {found}. Split the base."
    B671 = "The knowledge base has no name that an index of kind '{kind}' can hold. Check what it was built from."
    B672 = "A hybrid index of {found} was asked for. Wanted: one or more indexes, of different names, of one base."
    B680 = "The threshold of abbreviations is {found}. Wanted: a probability in [0, 1]. Correct the config."
    B681 = (
        "Nothing has looked for terms in the document '{text}…': it has neither entities nor noun chunks nor parts of "
        "speech. Put biomedplm_hyponyms after biomedplm_ner, or after a tagger and a parser."
    )
    B500 = (
        "'{path}' is not a record of the catalogue of language models: {reason}. Repair it; docs/language-models.md "
        "says what a record holds."
    )
    B508 = (
        "There is no language model '{name}'. The nearest of the catalogue: {known}. `biomedplm plm list` has all; a "
        "model that is not in the catalogue is named by its folder or, if the Hugging Face hub can be reached, by "
        "owner/name there."
    )
    B509 = "The catalogue of language models knows no {option} '{value}'. Known: {known}."

    # B6xx: command line, input documents, output files
    B691 = "'{path}' is missing: the linker was not saved whole. Save it again, or restore the file."
    B692 = "{setting} is {found}, wanted {wanted}. Correct it in the config of the linker."
    B693 = (
        "No concept of the examples of the pipe '{component}' is in the knowledge base '{name}'. Take the base of "
        "their vocabulary, or build one with mappings to it."
    )
    B601 = "The input '{path}' does not exist. Check the spelling; the path is taken from the folder '{folder}'."
    B602 = "{path}: cannot be read ({reason}). Check the permissions and the disk, or leave the file out."
    B603 = (
        "{path}: the format of '{name}' is unknown. Wanted: {wanted}, each also with .gz, or a folder of them. "
        "Rename the file if it is one of these, or convert it."
    )
    B604 = "The folder '{path}' holds no document ({ignored} other files). Wanted: {wanted}, each also with .gz."
    B605 = (
        "{path}: the gzip data ends or breaks after {position} bytes ({reason}). The file is half-written or damaged: "
        "copy or download it again."
    )
    B606 = "{path}: named .gz but is not gzip data. Take .gz off its name, or compress it with gzip."
    B607 = (
        "{path}, line {line}, byte {byte} of the {unit}: not valid UTF-8 (byte 0x{value:02x}). "
        "Convert the file, for example with `iconv -f latin1 -t utf-8`."
    )
    B608 = (
        '{path}, line {line}: not valid JSON ({reason}). Wanted: one object per line, such as {{"text": "…"}}.{hint} '
        "Repair or remove the line."
    )
    B609 = '{path}, line {line}: {found}. Wanted: one object per line with a string "text". Repair or remove the line.'
    B610 = "{path}, line {line}: the field '{field}' is {found}, wanted {wanted}. Repair the line."
    B611 = (
        "{path}, line {line}: not a PubTator line ('{start}'). Wanted: 'id|t|title', 'id|a|abstract', tab-separated "
        "lines that begin with the same id, or an empty line. {reason}"
    )
    B612 = (
        "{path}, line {line}: document '{doc_id}' has a title but no line '{doc_id}|a|'. The file is half-written, "
        "or the line is missing: add it (it may be empty after the second bar)."
    )
    B613 = "{path}, line {line}: not well-formed XML ({reason}). The file is half-written or damaged: get it again."
    B614 = (
        "{path}, line {line}: the XML defines or fetches entities ('{entity}'), which can exhaust memory or read other "
        "files; it is refused. Files of PubMed have none: remove the <!ENTITY …> declarations."
    )
    B615 = (
        "{path}: the XML begins with <{found}>, wanted <PubmedArticleSet> or <MedlineCitationSet>, as PubMed exports. "
        "Other XML cannot be read: convert it to .jsonl."
    )
    B620 = "The output '{path}' exists and is left as it is. Give another --output, or remove it first."
    B621 = (
        "A run that writes '{path}' was interrupted: '{partial}' is there. Go on with --resume, give another --output, "
        "or remove '{partial}' and '{state}' to begin anew."
    )
    B622 = (
        "'{partial}' was begun with {name} {found}, this run has {wanted}. --resume needs the same inputs and options: "
        "repeat them, or give another --output."
    )
    B623 = (
        "The inputs no longer begin with the {documents} documents that '{partial}' already covers: {reason}. Restore "
        "the inputs, or begin anew with another --output."
    )
    B624 = (
        "'{partial}' cannot be continued: {reason}. Remove '{partial}' and '{state}', or give another --output, "
        "and begin anew."
    )
    B625 = "Both '{path}' and '{partial}' exist. Move one of them away, then run again."
    B626 = "No space to write '{path}' ({reason}). Free some space, then run the same command again{hint}."
    B627 = "'{path}' cannot be written ({reason}). Check the folder and its permissions, or give another --output."
    B628 = "Another process is writing '{partial}'. Wait for it, or give another --output."
    B629 = (
        "Document '{doc_id}' ({source}) cannot be written as PubTator: {reason}. Change the id, or use "
        "--format jsonl with another --output."
    )
    B630 = (
        "The model '{model}' was not found: it is neither an installed package nor a folder. Install it with "
        "`pip install <wheel of the model>` (en_biomed_trf lies in assets/ of the repository; {installed}), or give "
        "the path of a folder."
    )
    B631 = (
        "The model '{model}' cannot be loaded: {reason}. If the folder is half-copied or made by another version, "
        "install the model again; `biomedplm info` lists versions."
    )
    B632 = "The model '{model}' has no guideline '{guideline}'. Known: {known}."
    B633 = (
        "The model '{model}' has no pipe that follows a guideline, so --guideline {guideline} cannot be used: "
        "leave it out."
    )
    B634 = "The device '{device}' cannot be used: {reason}."
    B635 = "Wanted {name} {wanted}, found {found}."
    B636 = (
        "A worker process ended unexpectedly, perhaps for lack of memory. Run the same command with fewer processes "
        "(--n-process) and --resume."
    )
    B637 = (
        "Not enough memory ({reason}). Give a smaller --batch-size (`extract`), shorter documents, or a --device "
        "with more memory."
    )
    B640 = (
        "The corpus '{corpus}' is neither a file or folder nor one of the catalogue. Names like it: {known}. "
        "`biomedplm corpora list` shows all of them; they are looked for in the folder named by BIOMEDPLM_CORPORA."
    )
    B641 = "{corpus}: no documents to score{split}. Check the file and the split."
    B660 = "The format of '{path}' is not known: {reason}. Give {option}, one of: {known}."
    B661 = "The format '{format}' is read, not written. Formats that are written: {known}."
    B663 = "'{path}' lies inside of IN, which would be read with it the next time. Give an OUT outside of it."
    B664 = (
        "{name} is '-', but documents are not read from a pipe or written to one: a format may need several files, and "
        "OUT gets its name only when it is complete. Name a file or a folder; a file called '-' by its whole path."
    )
    B662 = "'{path}' exists and is left as it is. Give another OUT, or remove it first."
    B651 = (
        "Document '{doc_id}': a pipe of the model put other entities in place of the given ones. It has {pipes}; those "
        "that declare to write doc.ents are switched off with --entities given, so one of these does not declare it. "
        "Take that pipe out of the model."
    )
    B650 = (
        "The output '{path}' exists and was not written by `biomedplm view`; it is left as it is. Give another "
        "--output, or remove it first."
    )

    # B7xx: evaluation; B700-B719 scorers of events
    B700 = "The rule {rule} has no task '{task}'. It has: {known}."
    B701 = (
        "The document '{doc_id}' is among the {where} {found}. Every answer needs the identifier of a gold document, "
        "and only one of them."
    )
    B702 = (
        "The text of the document '{doc_id}' has {found} characters or other ones than the gold document with "
        "{wanted}. Predict on the text of the gold standard, unchanged."
    )
    B703 = (
        'The document \'{doc_id}\' cannot be scored: {detail}. Read it with errors = "repair" or "skip", or correct '
        "what made it."
    )
    B704 = (
        "The gold document '{doc_id}' has an event {id} of the label '{label}', which the rule {rule} does not know. "
        "Choose the rule of the corpus. {rule} has: {known}."
    )
    # B720-B739: all other scorers, and suites
    B720 = (
        "Gold documents and answers do not belong together: found {found}, wanted {wanted}. Give one for each, in "
        "order."
    )
    B721 = "{name} = '{value}' is not possible for this metric, wanted {wanted}. Correct the argument."
    B722 = "Document '{doc_id}': no number under the label '{label}'. Gold documents and answers both need one."
    B723 = (
        "ROUGE is computed by the library {library}, which is not installed: pip install 'spacy-biomedplm[evaluation]'."
    )
    B724 = "Document '{doc_id}': the infon '{infon}' is '{found}', wanted a JSON list of texts."
    B725 = "There is no metric '{name}'. Known: {known}."
    B726 = "There is no suite '{name}': it is neither one of {known}, nor a JSON file."
    B727 = "'{path}' is not a suite: {reason}. See docs/evaluation.md for what a suite holds."
    B728 = (
        "The document '{doc_id}' has {found} characters, the pipeline reads at most {wanted}. Set nlp.max_length to "
        "more if its components and the memory allow that, or divide the document."
    )


class Warnings:
    """Texts of warnings; fill with ``str.format``."""

    W001 = (
        "Another package already registered the extension '{owner}._.{name}'; it is left alone and "
        "spacy_biomedplm does not write it. Import spacy_biomedplm first if you need its own."
    )
    W002 = (
        "Lone surrogates (halves of a character, such as \\ud800) in a text were replaced by U+FFFD; offsets are "
        "unchanged. spaCy and UTF-8 cannot hold them."
    )
    W490 = (
        "{count} of {total} documents of the corpus '{name}' (split '{split}') share text with test documents and are "
        "left out: {tests}."
    )
    W491 = (
        "In the corpus '{name}' (split '{split}') {repaired} broken items were repaired and {dropped} left out. "
        "`biomedplm corpora info {name}` says how many the published files have."
    )
    W605 = (
        "'{component}': document '{doc}' has more candidates by '{guideline}' than max_pairs = {most}; the {left_out} "
        "whose mentions are farthest apart were left out. Raise max_pairs, or set max_distance_tokens."
    )
    W610 = (
        "'{component}': document '{doc}': {count} of its events by '{guideline}' teach nothing: {shown}. Correct the "
        "document, or the labels that the component was given."
    )
    W611 = "Document '{doc}' teaches nothing of events and is not scored: {reason}"
    W613 = (
        "'{component}' is shown only the first hundred training documents, and infers from them what its guidelines "
        "are like: spaCy does so with training.max_epochs = -1. Set it to 0; or write the labels of all documents with "
        "`spacy init labels CONFIG FOLDER --training.max_epochs 0` and name the file in "
        "[initialize.components.{component}.labels] (spacy.read_labels.v1)."
    )
    W612 = (
        "'{component}': document '{doc}' has more by '{guideline}' than is looked at: {pairs} pairs of a trigger and "
        "what can take part were left out, the farthest apart, and {candidates} candidate events, the least probable. "
        "Give it in parts, or raise trigger_threshold and role_threshold."
    )
    W614 = (
        "The guideline '{guideline}' of relations is left out: it has the labels {labels}, but no document shows what "
        "entities they connect. Check that both ends of its relations are entities or concepts of the document, or set "
        "schemes.{guideline}.ends."
    )
    W616 = (
        "'{component}': {most} of the {count} pairs of document '{doc}' by '{guideline}' are learned from this time, "
        "drawn by chance: all at once would not fit into memory. Set sample_pairs, or give a narrower context or "
        "max_distance_tokens to the candidates."
    )
    W615 = (
        "'{component}': pairs of {guidelines} have several labels, of which objective = 'softmax' finds one. Use "
        "'sigmoid' or 'adaptive_threshold'."
    )
    W602 = (
        "The model predicted {found} and nothing that the corpus annotates ({gold}). Choose the corpus' guideline "
        "with --guideline, if the model knows it."
    )
    W604 = (
        "The pipe '{component}' learned with the knowledge base '{name}' and now links with another one: '{found}' in "
        "'{folder}'. What it learned of names and concepts holds for ids that both have. Train anew for the best links."
    )
    W603 = (
        "A mention of {found:,} characters ('{start}…') is not linked: names of concepts have at most {most:,}. Check "
        "what finds your entities."
    )
    W606 = (
        "No document has anything for the table '{table}'. Choose another with --table, or a model that finds "
        "{table}: this one has {pipes}."
    )
    W601 = (
        "Lone surrogates (halves of a character, such as \\ud800) were replaced by U+FFFD: {count} in {documents} "
        "documents. UTF-8 cannot hold them. Offsets are unchanged."
    )


def coded(code: str, **values: object) -> str:
    """Return the message of a code, prefixed by the code and filled with values.

    code (str): Name of a message in Errors or Warnings, such as "B001".
    RETURNS (str): For example "[B001] No vectors for …".
    RAISES (AttributeError): If there is no such code.
    """
    holder = Warnings if code.startswith("W") else Errors
    return f"[{code}] " + str(getattr(holder, code)).format(**values)
