# SPDX-License-Identifier: Apache-2.0
# The models that crosscheck, accuracy, bench and size go through, one a line: NAME, FILE, CALIB, EVAL, then the options of intaglio.
# Sourced by those scripts; files that are not there are skipped by them.
DATA=${INTAGLIO_DATA:-../shared/data}
DEMO=tests/models/demo
MODELS="kws $DATA/models/kws_dscnn.onnx $DATA/kws/calib $DATA/kws/eval --raw i8,0.5847029089927673,83
ic $DATA/models/ic_resnet8.onnx $DATA/cifar10/calib $DATA/cifar10/eval
vww $DATA/models/vww_mobilenet.onnx $DATA/vww/calib $DATA/vww/eval --scale 1/255
ad $DATA/models/ad_autoencoder.onnx $DATA/ad/calib.npy $DATA/ad/eval.npy
sww $DATA/models/sww.onnx $DATA/sww/calib $DATA/sww/eval --raw f32
resnet20 $DATA/models/cifar_resnet20.onnx $DATA/cifar10/calib $DATA/cifar10/eval --scale 1/255 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225
squeezenet $DATA/models/squeezenet1_1.onnx $DATA/imagenet/calib $DATA/imagenet/eval --crop 227,227 --color bgr --mean 104,117,123
gesture $DATA/models/gesture_keypoints.onnx $DATA/gesture/calib.npy $DATA/gesture/eval.npy
demo $DEMO/gesture19.onnx $DEMO/calib $DEMO/test --labels $DEMO/labels.json --input-shape input=1,96,96,3"
