"""iotdb_tsfile.py CORPUS DIRECTORY ENCODING COMPRESSION: IoTDB's file format, written by its own library.

IoTDB itself could not be had (README.md), so this tells bytes only. "GORILLA LZ4" are the server's defaults
for float64; TS_2DIFF rounds to two decimals.
"""
import json
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy
import pandas
import tsfile

ROWS_OF_A_READ = 1_000_000


def read_corpus(path):
    """The names; and one array for each tag: times in ms, values."""
    bytes_ = numpy.memmap(path, dtype=numpy.uint8, mode="r")
    assert bytes_[:8].tobytes() == b"LSCORPUS" and bytes_[8:12].view("<u4")[0] == 1, "no corpus of version 1"
    tags = int(bytes_[12:16].view("<u4")[0])
    samples = int(bytes_[16:24].view("<u8")[0])
    heads = bytes_[24:24 + tags * 24].reshape(tags, 24)
    names = [head[:16].tobytes().rstrip(b"\0").decode() for head in heads]
    columns = bytes_[24 + tags * 24:].view("<i8").reshape(tags, 2, samples)
    return names, columns[:, 0] // 1_000_000, columns[:, 1].view("<f8")


def write(path, names, times, values):
    column = tsfile.ColumnSchema
    tag = column("tag", tsfile.TSDataType.STRING, tsfile.ColumnCategory.TAG)
    value = column("v", tsfile.TSDataType.DOUBLE, tsfile.ColumnCategory.FIELD)
    writer = tsfile.TsFileTableWriter(str(path), tsfile.TableSchema("v", [tag, value]))
    for name, tag_times, tag_values in zip(names, times, values):
        writer.write_dataframe(pandas.DataFrame({"time": tag_times, "tag": name, "v": tag_values}))
    writer.close()


def read_back(path, names, times, values):
    """How many values are not those written, bit for bit; and what else is wrong."""
    rows, altered, wrong = 0, 0, []
    place = {name: number for number, name in enumerate(names)}
    for frame in tsfile.to_dataframe(str(path), table_name="v", max_row_num=ROWS_OF_A_READ, as_iterator=True):
        for name, part in frame.groupby("tag"):
            at = numpy.searchsorted(times[place[name]], part["time"].to_numpy())
            if not numpy.array_equal(times[place[name]][at], part["time"].to_numpy()):
                wrong.append(f"times of {name}")
            sent = values[place[name]][at].view("<i8")
            altered += int((sent != part["v"].to_numpy().view("<i8")).sum())
        rows += len(frame)
    if rows != values.size:
        wrong.append(f"samples: {rows} instead of {values.size}")
    return altered, wrong


def main():
    corpus, parent, encoding, compression = sys.argv[1:]
    names, times, values = read_corpus(corpus)
    with tempfile.TemporaryDirectory(dir=parent) as directory:
        # The library loads its defaults with its first writer and would overwrite what was set before.
        write(Path(directory) / "first.tsfile", ["t"], times[:1, :1], values[:1, :1])
        tsfile.set_tsfile_config({
            "double_encoding_type_": tsfile.TSEncoding[encoding],
            "time_encoding_type_": tsfile.TSEncoding.TS_2DIFF,
            "default_compression_type_": tsfile.Compressor[compression],
        })
        path = Path(directory) / "corpus.tsfile"
        write(path, names, times, values)
        size = os.path.getsize(path)
        altered, wrong = read_back(path, names, times, values)
    lossless = encoding != "TS_2DIFF"
    if lossless and altered:
        wrong.append(f"{altered} values altered")
    print(json.dumps({
        "peer": f"IoTDB's TsFile {version('tsfile')}, {encoding}, {compression}",
        "lossless": lossless,
        "altered_values": altered,
        "ingest": [],
        "bytes_per_sample": size / values.size,
        "queries": {},
        "checks": wrong or "passed",
    }))
    sys.exit(1 if wrong else 0)


main()
