"""Defects of durability: what is acknowledged is on disk. Of tools/seeded-defects."""

# (name, what is broken, room whose tests must fail, [(file, text that occurs once, its replacement)])
DEFECTS = [
    ("no-data-sync", "the log does not sync its records", "wal", [
        ("src/wal/log.cpp", "if (Status synced = segment_.file->sync(); !synced) {",
         "if (Status synced; !synced) {")]),
    ("sync-lost-at-new-segment", "a new segment is begun before the old one is synced", "wal", [
        ("src/wal/log.cpp",
         "    if (Status synced = sync_segment(); !synced) return std::move(synced).error();\n"
         "    if (Status started", "    if (Status started")]),
    ("no-directory-sync", "the name of a new segment is not synced", "wal", [
        ("src/wal/segment_files.cpp",
         "  if (Status synced = files_->sync_directory(options_.directory); !synced) {\n"
         "    return std::move(synced).error();\n  }\n  return made;", "  return made;")]),
    ("no-directory-sync-at-trim", "trimmed segments are used again before their new names are synced",
     "wal", [
         ("src/wal/segment_files.cpp",
          "  // Before a spare is written to: else a crash could show the new header under the old name.\n"
          "  return files_->sync_directory(options_.directory);", "  return {};")]),
    ("trimmed-too-far", "a segment is given up with one record that is still needed", "wal", [
        ("src/wal/log.cpp", "first.value <= through.value + 1", "first.value <= through.value + 2")]),
    ("rename-before-sync", "a segment gets its name before its header is on the disk", "wal", [
        ("src/wal/segment_files.cpp",
         "  if (Status synced = made.file->sync(); !synced) return std::move(synced).error();\n", "")]),
    ("acknowledge-before-sync", "callers are told before the sync", "wal", [
        ("src/wal/group_commit.cpp", "  const Status synced = log_->sync();\n",
         "  for (Appended& one : appended) one.record.done(one.outcome, one.record.payload);\n"
         "  const Status synced = log_->sync();\n"),
        ("src/wal/group_commit.cpp",
         "    one.record.done(std::move(one.outcome), std::move(one.record.payload));\n", "")]),
    ("retry-after-failed-sync", "a failed sync is tried again with the file opened anew", "wal", [
        ("src/wal/log.cpp", "if (Status synced = segment_.file->sync(); !synced) {",
         "Status synced = segment_.file->sync();\n"
         "  if (!synced) {\n"
         "    auto again = files_.open(set_.path_of(segment_.header.sequence),\n"
         "                             sys::OpenMode::kReadWrite);\n"
         "    if (again) {\n"
         "      segment_.file = *std::move(again);\n"
         "      synced = segment_.file->sync();\n"
         "    }\n"
         "  }\n"
         "  if (!synced) {")]),
    ("not-poisoned", "the log goes on after a failed sync", "wal", [
        ("src/wal/log.cpp", "    poisoned_ = true;\n    // Not kDiskFull", "    // Not kDiskFull")]),
    ("not-written-again", "what a failed sync dropped is not written again at the start", "wal", [
        ("src/wal/log.cpp",
         "    if (Status written = segment_.file->write_at(at, piece); !written) return written;\n",
         "")]),
    ("checksum-ignored", "records are taken without their checksum", "wal", [
        ("src/wal/format.cpp",
         "return reader.read_le<std::uint32_t>() == crc32c(bytes.subspan(4));",
         "reader.read_le<std::uint32_t>();\n  return true;")]),
    ("length-trusted", "the length of a record is taken as it stands in the file", "wal", [
        ("src/wal/segment_reader.cpp",
         "  if (needed > bytes_ - offset) return std::optional<Record>{};\n", "")]),
    ("old-life-taken", "what a crash left behind the end is taken for records later", "wal", [
        ("src/wal/recovery.cpp", " &&\n          header.life >= at.life) {", ") {")]),
    ("no-marker", "nothing proves that the last records were synced", "wal", [
        ("src/wal/log.cpp", "if (offset_ + record_bytes(0) > segment_.header.bytes) return;",
         "if (offset_ > 0) return;")]),
    ("silent-damage", "records lost to damage are not reported", "wal", [
        ("src/wal/recovery.cpp",
         "    result_.report.damages.push_back({file, offset, bytes, std::max(next_, wanted), lsn});\n",
         "    static_cast<void>(file), static_cast<void>(offset), static_cast<void>(bytes);\n")]),
    ("history-file-not-synced", "a file of the history is named in the manifest before it is on the disk",
     "historian", [("src/historian/file_writer.cpp", "  return file_->sync();", "  return {};")]),
    ("history-name-not-synced", "a file of the history is named in the manifest before its name is synced",
     "historian", [
         ("src/historian/store_flush.cpp",
          "  return files_.sync_directory(options_.directory);\n}\n\n// A file", "  return {};\n}\n\n// A file")]),
    ("manifest-not-synced", "the manifest gets its name before it is on the disk", "historian", [
        ("src/sys/file.cpp", "  return (*file)->sync();", "  return {};")]),
    ("manifest-name-not-synced", "the log is trimmed before the manifest's name is synced", "historian", [
        ("src/sys/file.cpp", "  Status synced = files.sync_directory(directory_of(path));",
         "  Status synced;\n  static_cast<void>(directory_of(path));")]),
    ("inputs-removed-too-early", "files are removed before the manifest names the merged one", "historian",
     [("src/historian/store_merge.cpp", "    const std::lock_guard lock(files_mutex_);\n    std::vector<FilePtr> files",
       "    for (const FilePtr& input : inputs) static_cast<void>(files_.remove(input->path()));\n"
       "    const std::lock_guard lock(files_mutex_);\n    std::vector<FilePtr> files")]),
    ("log-trimmed-too-far", "the log gives up a record that is in no file", "historian", [
        ("src/historian/store_flush.cpp", "through = covered()]",
         "through = wal::Lsn{covered().value + 1}]")]),
    ("block-checksum-ignored", "blocks are taken without their checksum", "historian", [
        ("src/historian/file_reader.cpp",
         "const bool intact = reader.read_le<std::uint32_t>() == block_crc(id_.number, block, stored) &&",
         "reader.read_le<std::uint32_t>();\n  const bool intact = !bytes.empty() &&")]),
    ("damage-merged-away", "a merge leaves out what it cannot read", "historian", [
        ("src/historian/store_merge.cpp", "[this](const Error& error) { outcome_ = error; }",
         "[](const Error&) {}")]),
    ("erasure-not-written", "a file forgets what was erased of older ones", "historian", [
        ("src/historian/store_flush.cpp", "    writer.set_erasures(memtable.erasures());\n", "")]),
    ("erasure-given-up", "a merge gives up what was erased while older files are left", "historian", [
        ("src/historian/store_merge.cpp",
         "if (!is_oldest) writer.set_erasures(erasures_of(inputs));",
         "if (!is_oldest) writer.set_erasures(erasures_of({}));")]),
    ("counted-twice", "rollups do not hide the samples they were made of", "historian", [
        ("src/historian/hidden.cpp",
         "if (block.rollup) parts_.push_back", "if (!block.rollup) parts_.push_back")]),
    ("older-wins", "of two files with the same time the older one wins", "historian", [
        ("src/historian/files.cpp", "taken = overlay(std::move(taken), std::move(part));",
         "taken = overlay(std::move(part), std::move(taken));")]),
    ("parity-of-damage", "parity is made of a file that is damaged already", "historian", [
        ("src/historian/parity_file.cpp", "if (Status whole = samples.check_block(*block); !whole) return whole;",
         "static_cast<void>(samples.check_block(*block));")]),
    ("repair-unchecked", "a page made from parity is taken without its checksum", "codec", [
        ("src/codec/parity.cpp", "if (!rebuilt || numbered_sum(page, content) != sum) {",
         "if (!rebuilt) {")]),
    ("old-parity-kept", "damaged parity is never made anew", "historian", [
        ("src/historian/store_scrub.cpp", "  } else if (damage->parity_pages > 0) {",
         "  } else if (damage->parity_pages > 1000) {")]),
    ("copy-not-synced", "a backup names a file before its bytes are on the disk", "historian", [
        ("src/historian/backup.cpp", "  return to.sync();", "  return {};")]),
    ("copy-not-named", "the manifest of a backup is replaced before the names of its files are on the disk", "historian", [
        ("src/historian/backup.cpp", "    if (done) done = files_.sync_directory(to_);\n", "")]),
    ("journal-not-synced", "the ledger answers before the sync", "ledger", [
        ("src/ledger/ledger_post.cpp", "  Status synced = log_->sync();\n", "  Status synced;\n")]),
    ("key-forgotten", "a journal that is sent again is taken again", "ledger", [
        ("src/ledger/state.cpp", "  keys_.insert(key, {count_});\n", "")]),
    ("key-trusted", "another journal with the same key gets the answer of the first", "ledger", [
        ("src/ledger/state.cpp", "  if (is_same_request(*before, journal)) return", "  return")]),
    ("not-taken-back", "journals that found no space on the disk stay in the balances", "ledger", [
        ("src/ledger/ledger_post.cpp", "    state_.take_back(*fresh_.back().journal);\n", "")]),
    ("shown-too-early", "after a sync that failed the balances show what may not be on the disk", "ledger", [
        ("src/ledger/ledger_post.cpp", "    take_back_after(0, synced.error());\n", "")]),
    ("reserved-is-free", "what is reserved can be taken by others", "ledger", [
        ("src/ledger/state.cpp",
         "  if (add_to(used, debits_limited ? balance.pending_debits : balance.pending_credits) &&\n      used <= limit) {",
         "  if (used <= limit) {")]),
    ("currencies-mixed", "yuan balance dollars", "ledger", [
        ("src/ledger/state.cpp", "    if (currency == first.currency) {", "    if (legs.size() > 1) {")]),
    ("reversed-twice", "a journal can be reversed again", "ledger", [
        ("src/ledger/state.cpp", "      if (added) reversed_.insert(journal.reference.value);\n", "")]),
    ("hole-ignored", "journals lost in the middle of the log are passed over", "ledger", [
        ("src/ledger/ledger.cpp", "  if (lsn.value != state_.last().value + 1) {", "  if (lsn.value == 0) {"),
        ("src/ledger/ledger.cpp", "  note_damages(log_->recovery());\n", "")]),
    ("cut-off-unseen", "a log that ends before the last checkpoint is taken for whole", "ledger", [
        ("src/ledger/ledger.cpp", "  if (!stopped_) check_last_checkpoint();\n", "")]),
    ("snapshot-outlives-log", "a snapshot stands in for journals that the log has lost", "ledger", [
        ("src/ledger/ledger.cpp", "  if (!stopped_ && log_->recovery().last.value < state_.last().value) {",
         "  if (log_->recovery().last.value > state_.last().value) {")]),
    ("proof-unchecked", "a proof made of damaged hashes is handed out", "ledger", [
        ("src/ledger/ledger_proof.cpp",
         "    if (!verify_inclusion(*leaf, index, size, *proof, *root)) return wrong_tree();\n", "")]),
    ("two-forms", "an entry has a second form", "ledger", [
        ("src/ledger/journal_codec.cpp", "    if (taken > 1 && value >> (7 * (taken - 1)) == 0) good_ = false;\n", "    static_cast<void>(taken);\n")]),
    ("signature-unchecked", "a checkpoint counts whoever signed it", "ledger", [
        ("src/ledger/checkpoint.cpp", "  if (!verify_note(note, key)) {", "  if (note.signatures.empty()) {")]),
]
